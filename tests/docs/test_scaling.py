"""docs/scaling.md says what the tables come to, and the tables reckon with what real databases weigh."""

from pathlib import Path

import pytest

from scripts.growth import assumptions
from scripts.growth.page import list_places, write_tables
from scripts.growth.reckoning import receipt_bytes
from scripts.growth.tables import render_tables
from tests.architecture.trees import ROOT
from tests.server.deployments import deployed
from tests.server.growing import NO_LIMITS, Growth, Weight, start
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint
from vault.tlog.frontier import EMPTY
from vault.tlog.proof import TlogProof

PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")


def test_the_page_has_every_table_once_as_it_is_reckoned_now() -> None:
    assert sorted(list_places(PAGE)) == sorted(render_tables())
    assert write_tables(PAGE) == PAGE, "run scripts/scaling --write"


def test_a_figure_that_is_not_reckoned_is_noticed() -> None:
    changed = PAGE.replace("| **163** |", "| **164** |")
    assert changed != PAGE
    assert write_tables(changed) == PAGE


def test_a_receipt_is_reckoned_as_long_as_those_of_a_log_are_on_average() -> None:
    leaf, seed, edge = bytes(32), bytes(32), EMPTY
    lengths = []
    for index in range(4_096):
        appended = edge.append([leaf])
        edge = appended.frontier
        signed = sign_checkpoint(Checkpoint("vault.example/log", edge.size, edge.root), seed)
        lengths.append(len(TlogProof(index, appended.inclusion_proof(index), signed).to_bytes()))
    newest = lengths[2_048:]
    assert receipt_bytes(4_096) == pytest.approx(sum(newest) / len(newest), rel=0.05)


async def test_what_was_measured_is_what_a_database_weighs(tmp_path: Path) -> None:
    with deployed(tmp_path, NO_LIMITS) as deployment:
        async with deployment.client() as http:
            growth = await start(deployment, http)
            weighed = {
                act: await growth.weigh(act, times)
                for act, times in ((Growth.begin, 30), (Growth.write_note, 150), (Growth.disclose, 60))
            }
            entry_bytes = await growth.weigh_journal()
    said = {
        Growth.begin: assumptions.BEGIN,
        Growth.write_note: assumptions.NOTE,
        Growth.disclose: assumptions.DISCLOSURE,
    }
    for act, weight in weighed.items():
        expected = Weight(said[act].statements, said[act].content_bytes, said[act].sqlite_bytes)
        assert weight == pytest.approx(expected, rel=0.15), f"{act.__name__}: run scripts/scaling --measure"
    assert entry_bytes == pytest.approx(assumptions.ENTRY_JSON_BYTES, rel=0.02)
