"""The page on what to watch names what a server tells Prometheus: all of it, and nothing else."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from prometheus_client.registry import Collector

from tests.architecture.trees import ROOT
from tests.support.databases import copied_file
from vault.server.commands.metrics_port import Stored
from vault.server.last_backup import keep_last_backup
from vault.server.metrics import REGISTRY
from vault.server.storage.engine import Storage

PAGE = (ROOT / "docs/operations/watching.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(coach_vault_\w+)`(?: by ([^|]+?))? \|", re.MULTILINE)


def list_names(collector: Collector) -> Iterator[str]:
    for family in collector.collect():
        yield family.name + ("_total" if family.type == "counter" else "")


def test_the_page_names_all_that_is_told_and_nothing_else(tmp_path: Path) -> None:
    keep_last_backup(tmp_path, 1)
    with closing(Storage(copied_file(tmp_path))) as storage:
        told = {*list_names(REGISTRY), *list_names(Stored(storage, tmp_path))}
    assert {name for name, _ in ROW.findall(PAGE)} == told


def test_every_expression_of_the_page_asks_for_what_is_told() -> None:
    named = set(re.findall(r"\bcoach_vault_[a-z_]+", PAGE))
    told = {name for name, _ in ROW.findall(PAGE)}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in named} == told
