"""No prepared query reads more than it answers with: each finds its rows by an index, none sorts what it pages."""

import re

import pytest

from tests.server.deployments import Deployment
from tests.server.storage.queries import list_prepared
from tests.support.databases import SQLITE, only_on

WHOLE = {
    "_LIST of vault.server.resources.apps.rows",
    "_LIST of vault.server.resources.enrolments.rows",
    "_OPEN of vault.server.resources.enrolments.rows",
    "_FRONTIER of vault.server.storage.figures",
    "_UNNAMED of vault.server.storage.figures",
}
"""The operator's own lists and figures; the log's right edge is one row."""
QUERIES = list_prepared()


@only_on(SQLITE)
@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE))
def test_a_query_finds_its_rows_by_an_index(deployment: Deployment, name: str) -> None:
    storage = deployment.context.storage
    compiled = str(QUERIES[name].compile(dialect=storage.engine.dialect))
    compiled = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(?, ?)", compiled)
    with storage.reading() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", (1,) * compiled.count("?")).all()
    plan = [row[3] for row in rows]
    assert [step for step in plan if step.startswith("SCAN")] == []
    if "LIMIT" in compiled:
        assert [step for step in plan if "TEMP B-TREE" in step] == []
