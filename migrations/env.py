"""How Alembic reaches the database: on the connection that the server's `migrate` hands over.

For `alembic revision` and `alembic history` no database is needed; `alembic -x url=... upgrade head` names one.
"""

from alembic import context

from vault.server.storage.engine import Storage
from vault.server.storage.tables import metadata


def _run(connection):
    # SQLite's DDL is transactional once transactions begin explicitly, which the engine sees to.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    storage = Storage(context.get_x_argument(as_dictionary=True)["url"])
    with storage.writing() as opened:
        _run(opened)
