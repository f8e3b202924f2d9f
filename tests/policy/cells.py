"""The cells of the truth table: its lines, its words, and for each cell the statement that somebody signs there."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.policy.states import PAIR, STATES, State
from tests.policy.worlds import CONTACT_ID, NAMES
from tests.support.people import short
from vault.protocol.envelope import Statement
from vault.protocol.vocabulary import ErasureReason, ItemKind, KeysReason, ShareKind

TABLE = Path(__file__).with_name("table.csv")
KINDS = tuple(kind.value for kind in ItemKind)
WRITTEN = (*KINDS, "hers")
"""Items that stand in the journal: of the coach, but `summary` and the private one `hers` of the coachee."""
NONE = ("-",)

WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "keys": (tuple(reason.value for reason in KeysReason), NONE),
    "keyring": (NONE, NONE),
    "contract": (NONE, NONE),
    "assent": (NONE, NONE),
    "item": (KINDS, ("right", "+sponsor", "+contact", "+supervisor")),
    "item later": (WRITTEN, ("right",)),
    "reseal": (WRITTEN, ("pair", "sponsor", "contact", "supervisor")),
    "disclosure": (("listed", "unlisted"), ("sponsor", "contact", "supervisor", "coach")),
    "withdrawal": (NONE, NONE),
    "request": (("listed", "unlisted"), NONE),
    "opening": (("disclosure", "escalation"), NONE),
    "escalation": (("contact", "other"), ("right", "+coachee", "+sponsor")),
    "closure": (NONE, NONE),
    "erasure": ((*WRITTEN, "disclosure"), ("asked", "retention")),
}
"""Per type, the words of `kind` and of `how`: a kind of item or share, or a reason; the seals, recipient or reason.

`item` is a version 1 and `item later` a version 2. A reseal to the `pair` is to those who hold the item already."""


@dataclass(frozen=True)
class Cell:
    """One act of one role in one state."""

    type: str
    role: str
    kind: str
    how: str
    state: str


def list_cells() -> Iterator[Cell]:
    """The whole product."""
    for word, (kinds, hows) in WORDS.items():
        for role in NAMES:
            for kind in kinds:
                for how in hows:
                    for state in STATES:
                        yield Cell(word, role, kind, how, state)


def read_table() -> Iterator[tuple[Cell, str]]:
    """Every cell of table.csv with its answer, as often as a line names it."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(row for row in file if not row.startswith("#")):
            kinds, hows = WORDS[line["type"]]
            for role in _expand(line["role"], NAMES):
                for kind in _expand(line["kind"], kinds):
                    for how in _expand(line["how"], hows):
                        for state in _expand(line["state"], tuple(STATES)):
                            yield Cell(line["type"], role, kind, how, state), line["answer"]


def _expand(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    first, *others = text.split()
    if text == "all":
        return words
    listed = others if first == "but" else [first, *others]
    unknown = set(listed) - set(words)
    assert not unknown, f"table.csv has the words {unknown}, expected {words}"
    return tuple(word for word in words if (word in listed) != (first == "but"))


def make_statement(cell: Cell, state: State) -> Statement:
    """What the role of the cell signs in its state, as well as it can."""
    if cell.type in ("keys", "keyring"):
        return _make_own(cell, state)
    world = state.world
    acting = world.acting[cell.role]
    if cell.state == "stale" and cell.role != "deployment":
        world.acting[cell.role] = 1
    try:
        return _make_in_engagement(cell, state)
    finally:
        world.acting[cell.role] = acting


def _make_own(cell: Cell, state: State) -> Statement:
    world, by = state.world, cell.role
    newest = len(world.keys[by].generations)
    old = 1 if cell.state == "stale" else newest
    if cell.type == "keyring":
        return world.write_keyring(by, old)
    after = newest if cell.kind == "retire" else newest + 1
    return world.write_keys(
        by,
        KeysReason(cell.kind),
        sign_generation=after,
        seal_generation=after,
        signers=(old,) if after == newest else (old, after),
        key=world.fact(by, old).sign_key,
    )


def _make_in_engagement(cell: Cell, state: State) -> Statement:
    world, by, kind, how, contract = state.world, cell.role, cell.kind, cell.how, state.contract
    match cell.type:
        case "contract":
            supersedes = contract if cell.state == "superseded" else world.find_active()
            return world.write_contract(by, origin=state.origin, share_kinds=state.share_kinds, supersedes=supersedes)
        case "assent":
            return world.write_assent(by, contract)
        case "item":
            also = () if how == "right" else (how.removeprefix("+"),)
            right = (by,) if kind == "private" else PAIR
            return world.write_item(by, ItemKind(kind), sealed=(*right, *also), contract=contract)
        case "item later":
            return world.write_next(by, _find_item(state, kind), sealed=_list_holders(kind), contract=contract)
        case "reseal":
            sealed = _list_holders(kind) if how == "pair" else (how,)
            return world.write_reseal(by, _find_item(state, kind), sealed, contract=contract)
        case "disclosure":
            share_kind = ShareKind.ATTENDANCE if kind == "listed" else ShareKind.GOALS
            return world.write_disclosure(by, how, contract=contract, share_kind=share_kind)
        case "withdrawal":
            return world.write_withdrawal(by, state.disclosure)
        case "request":
            share_kind = ShareKind.ATTENDANCE if kind == "listed" else ShareKind.GOALS
            return world.write_request(by, contract=contract, share_kind=share_kind)
        case "opening":
            return world.write_opening(by, state.disclosure if kind == "disclosure" else state.escalation)
        case "escalation":
            also = () if how == "right" else (how.removeprefix("+"),)
            contact = CONTACT_ID if kind == "contact" else short("no contact")
            return world.write_escalation(by, sealed=("coach", "contact", *also), contract=contract, contact=contact)
        case "closure":
            return world.write_closure(by)
        case "erasure":
            named = state.disclosure_id if kind == "disclosure" else _find_item(state, kind)
            return world.write_erasure(by, named, reason=ErasureReason(how))
    raise AssertionError(f"expected a type of the table, not {cell.type}")


def _find_item(state: State, kind: str) -> bytes:
    return state.items.get(kind, short("no item"))


def _list_holders(kind: str) -> tuple[str, ...]:
    """Who holds a seal of that item."""
    return {"private": ("coach",), "hers": ("coachee",)}.get(kind, PAIR)
