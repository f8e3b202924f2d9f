"""One name for a state that a stop has left: what was judged once need not be judged again.

Two stops that leave the same folder, read through its seals, and the same server are one state. Most are: between two
changes there are many requests that only read.
"""

import hashlib
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from tests.resilience.crashes.acts import Act, Arrival
from tests.resilience.crashes.playing import LEFT_NAME
from tests.resilience.crashes.stage import DATABASE, Server, Stage, new_passphrase, old_passphrase
from vault.client.crypto.state import open_state
from vault.errors import VaultError

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
_PASSING = ("challenges", "tokens")


def digest(server: Server, folder: Path, act: Act | Arrival) -> str:
    """The name of the state, 64 hex digits."""
    hashed = hashlib.sha256()
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        for (table,) in database.execute(_TABLES).fetchall():
            if table not in _PASSING:
                hashed.update(repr((table, database.execute(f'SELECT * FROM "{table}"').fetchall())).encode())
    with server.staged(folder, f"naming {act.name}") as stage:
        for path in sorted(stage.home(act.who).parent.rglob("*")):
            if path.is_file() and path.name != "lock":
                content = _read(stage, act, path)
                hashed.update(repr((str(path.relative_to(folder)), content)).encode())
    left = folder / LEFT_NAME
    hashed.update(left.read_bytes() if left.exists() else b"")
    return hashed.hexdigest()


def _read(stage: Stage, act: Act | Arrival, path: Path) -> bytes:
    """The file; of a person's own the state that is sealed in it, since it is sealed anew each time."""
    if path == stage.home(act.who) / "vault.json":
        for each in (old_passphrase, new_passphrase):
            with suppress(VaultError):
                session = stage.open_session(act.who, each)
                contents, keyring = session.home.read(), session.identity.keyring
                session.home.close()
                state = b"" if keyring is None else open_state(keyring.key, session.account, contents.state)
                return repr((each(), contents.slots, contents.keyring, state)).encode()
    return path.read_bytes()
