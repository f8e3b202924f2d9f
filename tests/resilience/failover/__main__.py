"""The command: a service under load, its primary killed and frozen, and a look for what was acknowledged."""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.resilience.failover.nodes import Node, Nodes, running_nodes
from tests.resilience.failover.python import make_patroni
from tests.resilience.faulting.__main__ import explain
from tests.resilience.faulting.load import Load, loaded
from tests.resilience.faulting.served import served
from tests.resilience.faulting.truth import Lost
from tests.support.postgres.cluster import place_for_clusters
from vault.errors import VaultError

WORKERS = 2
FROZEN_SECONDS = 40
_PATIENCE_SECONDS = 120
_ENOUGH = 20

Round = dict[str, Any]


async def kill(nodes: Nodes, primary: Node, written_again: Callable[[], Awaitable[float]]) -> float:
    """The primary's machine is lost; it comes back when the others have gone on without it."""
    await asyncio.to_thread(primary.kill)
    seconds = await written_again()
    await asyncio.to_thread(nodes.start_again, primary)
    return seconds


async def freeze(nodes: Nodes, primary: Node, written_again: Callable[[], Awaitable[float]]) -> float:
    """The primary stands still and holds its connections; then it goes on as if it were the primary still."""
    primary.freeze()
    began = time.monotonic()
    try:
        seconds = await written_again()
        await asyncio.sleep(max(0.0, FROZEN_SECONDS - (time.monotonic() - began)))
    finally:
        primary.thaw()
    await asyncio.to_thread(nodes.wait, "the thawed node did not come back", nodes.is_whole)
    return seconds


FAULTS = {"kill": kill, "freeze": freeze}


async def fail_over(nodes: Nodes, random: Random, faults: list[str]) -> list[Round]:
    """One round after the other. Raises: Lost, HistoryError where anything that was acknowledged is not there."""
    rounds = []
    with served(nodes.url, workers=WORKERS) as service:
        service.start()
        processes = service.worker_ids()
        async with loaded(service) as load:
            for name in faults:
                await asyncio.sleep(random.uniform(1, 4))
                primary = await asyncio.to_thread(nodes.primary)

                async def written_again() -> float:
                    began, goal = time.monotonic(), len(load.truth.answers) + _ENOUGH
                    if not await load.until(lambda: len(load.truth.answers) >= goal, seconds=_PATIENCE_SECONDS):
                        raise Lost("nothing could be written any more")
                    return time.monotonic() - began

                seconds = await FAULTS[name](nodes, primary, written_again)
                rounds.append(_look(name, primary, seconds, load))
                print(_told(rounds[-1]), flush=True)
        if service.worker_ids() != processes:
            raise Lost("expected the service to go on without a restart")
    return rounds


def _look(name: str, primary: Node, seconds: float, load: Load) -> Round:
    kept = load.truth.require_kept(load.served.storage)
    return {
        "fault": name,
        "node": primary.name,
        "seconds": round(seconds, 1),
        "acknowledged": len(load.truth.answers),
        "unanswered": load.unanswered,
        "log_size": kept.size,
        "lost": 0,
    }


def _told(one: Round) -> str:
    return (
        f"{one['fault']} {one['node']}: writable again after {one['seconds']} s; {one['acknowledged']:,} acknowledged, "
        f"{one['unanswered']:,} sent again, log of {one['log_size']:,}: all there"
    )


def main() -> int:
    """0 where everything that was acknowledged was there after every round."""
    parser = argparse.ArgumentParser(prog="scripts/patroni", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the dice; a new one where none is given")
    parser.add_argument("--faults", default="kill,kill,freeze", help="one after the other, of: kill, freeze")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what happened to a file")
    asked = parser.parse_args()
    faults = asked.faults.split(",")
    if not set(faults) <= FAULTS.keys():
        parser.error("expected --faults with words of: kill, freeze")
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with place_for_clusters() as (folder, binaries):
        print("installing Patroni, and starting three nodes", flush=True)
        patroni = make_patroni(folder)
        with running_nodes(folder, binaries, patroni) as nodes:
            print(f"up after {time.monotonic() - began:.0f} s", flush=True)
            try:
                rounds = asyncio.run(fail_over(nodes, Random(seed), faults))
            except (Lost, VaultError, ExceptionGroup) as broken:
                print(f"BROKEN with seed {seed}: {explain(broken)}", file=sys.stderr)
                return 1
    if asked.json is not None:
        found = {"seed": seed, "workers": WORKERS, "seconds": round(time.monotonic() - began, 1), "rounds": rounds}
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
