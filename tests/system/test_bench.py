"""The bench runs, from pre-signed notes to its figures; how fast anything is decides nothing here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEASURED = ["write", "write", "read one", "read its blob", "list 50 entries"]


def test_the_floor_is_short_enough_to_be_read() -> None:
    lines = (ROOT / "scripts/benchmark/floor.py").read_text("utf-8").splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 60


@pytest.mark.slow
def test_the_bench_measures_service_and_floor_in_turn(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    arguments = ["--quick", "--engine", "sqlite", "--growth", "0", "--json", str(file)]
    command = [sys.executable, "-m", "scripts.benchmark", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    figures = json.loads(file.read_text("utf-8"))
    assert [pair["what"].removeprefix("SQLite: ").partition(" (")[0] for pair in figures["pairs"]] == MEASURED
    assert all(pair["names"] == ["service", "floor"] and pair["ratio"] > 0 for pair in figures["pairs"])
    assert all(figure["value"] > 0 for figure in figures["figures"])
    assert "Single figures" in run.stdout
