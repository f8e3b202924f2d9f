"""docs/scaling.md says what the tables come to, and the tables reckon with what real databases weigh."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.trees import ROOT, Ran, copy_tree
from tests.server.deployments import deployed
from tests.server.growing import NO_LIMITS, Growth, Weight, start
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint
from vault.tlog.frontier import EMPTY
from vault.tlog.proof import TlogProof

PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")


def read_reckoned_from(leaves: int) -> dict[str, Any]:
    """What scripts/scaling reckons with."""
    command = [sys.executable, "-m", "scripts.growth", "--json", str(leaves)]
    reckoned: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return reckoned


def check(folder: Path, page: str) -> Ran:
    """What scripts/scaling says about such a page."""
    tree = copy_tree(folder, "src", "scripts/_venv", "scripts/scaling", "scripts/growth")
    tree.write("docs/scaling.md", "")
    (tree.root / "docs/scaling.md").write_text(page, encoding="utf-8")
    return tree.run("bash", "scripts/scaling", "--check")


def test_the_page_has_every_table_once_as_it_is_reckoned_now(tmp_path: Path) -> None:
    ran = check(tmp_path, PAGE)
    assert ran.code == 0, ran.output


@pytest.mark.parametrize(
    ("figure", "wrong"), [("| **163** |", "| **164** |"), ("<!-- table: assumptions -->", "<!-- table: another -->")]
)
def test_a_figure_that_is_not_reckoned_is_noticed(figure: str, wrong: str, tmp_path: Path) -> None:
    assert PAGE.count(figure) == 1
    ran = check(tmp_path, PAGE.replace(figure, wrong))
    assert ran.code == 1
    assert "Traceback" not in ran.output


def test_a_receipt_is_reckoned_as_long_as_those_of_a_log_are_on_average() -> None:
    leaf, seed, edge = bytes(32), bytes(32), EMPTY
    lengths = []
    for index in range(4_096):
        appended = edge.append([leaf])
        edge = appended.frontier
        signed = sign_checkpoint(Checkpoint("vault.example/log", edge.size, edge.root), seed)
        lengths.append(len(TlogProof(index, appended.inclusion_proof(index), signed).to_bytes()))
    newest = lengths[2_048:]
    assert read_reckoned_from(4_096)["receipt_bytes"] == pytest.approx(sum(newest) / len(newest), rel=0.05)


async def test_what_was_measured_is_what_a_database_weighs(tmp_path: Path) -> None:
    with deployed(tmp_path, NO_LIMITS) as deployment:
        async with deployment.client() as http:
            growth = await start(deployment, http)
            weighed = {
                act: await growth.weigh(act, times)
                for act, times in ((Growth.begin, 30), (Growth.write_note, 150), (Growth.disclose, 60))
            }
            entry_bytes = await growth.weigh_journal()
    said = read_reckoned_from(1)
    for act, weight in weighed.items():
        expected = said["weights"][act.__name__]
        columns = ("statements", "content_bytes", "sqlite_bytes")
        assert weight == pytest.approx(Weight(*(expected[column] for column in columns)), rel=0.15), (
            f"{act.__name__}: run scripts/scaling --measure"
        )
    assert entry_bytes == pytest.approx(said["entry_json_bytes"], rel=0.02)
