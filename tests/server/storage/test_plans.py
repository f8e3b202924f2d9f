"""No prepared query reads more than it answers with: each finds its rows by an index, none sorts what it pages."""

import pkgutil
import re
from importlib import import_module

import pytest
from sqlalchemy import Select, Update

import vault.server.resources
import vault.server.sequencer
import vault.server.storage
from tests.server.deployments import Deployment

WHOLE = {"_LIST of vault.server.resources.apps.rows"}
"""The operator's own list of apps."""
PACKAGES = (vault.server.storage, vault.server.sequencer, vault.server.resources)


def _queries() -> dict[str, Select[*tuple[object, ...]] | Update]:
    names = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {
        f"{name} of {module}": query
        for module in names
        for name, query in vars(import_module(module)).items()
        if isinstance(query, (Select, Update))
    }


QUERIES = _queries()


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE))
def test_a_query_finds_its_rows_by_an_index(deployment: Deployment, name: str) -> None:
    storage = deployment.parts.storage
    compiled = str(QUERIES[name].compile(dialect=storage.engine.dialect))
    compiled = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(?, ?)", compiled)
    with storage.reading() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", (1,) * compiled.count("?")).all()
    plan = [row[3] for row in rows]
    assert [step for step in plan if step.startswith("SCAN")] == []
    if "LIMIT" in compiled:
        assert [step for step in plan if "TEMP B-TREE" in step] == []
