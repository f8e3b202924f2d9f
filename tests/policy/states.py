"""The states of the truth table: each is a world, built entry by entry, and the contract that its statements name.

In every state but `none` and `proposed` the coach has written one item of each kind but `summary`, and escalated to the
contact; the coachee has written a summary and a private item (`hers`), and a disclosure to the sponsor.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.policy.worlds import ENDS, FULL, NAMES, RETENTION_DAYS, START, World
from tests.support.people import digest, short
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.statements import Item
from vault.protocol.vocabulary import ItemKind, Origin, ShareKind

PAIR = ("coach", "coachee")


@dataclass
class State:
    """A world, the contract that statements name here, and the ids of what stands in the journals."""

    world: World
    contract: bytes = bytes(32)
    items: dict[str, bytes] = field(default_factory=dict)
    disclosure: bytes = digest("no disclosure")
    disclosure_id: bytes = short("no disclosure")
    escalation: bytes = digest("no escalation")
    origin: Origin = Origin.INVITED
    share_kinds: tuple[ShareKind, ...] = (ShareKind.ATTENDANCE, ShareKind.THEMES)

    def write(self) -> None:
        """Items, a disclosure that ends after a day, and an escalation, under the active contract."""
        world = self.world
        for kind in ItemKind:
            by = "coachee" if kind is ItemKind.SUMMARY else "coach"
            self._write_item(kind.value, by, kind, (by,) if kind is ItemKind.PRIVATE else PAIR)
        self._write_item("hers", "coachee", ItemKind.PRIVATE, ("coachee",))
        disclosure = world.write_disclosure(expires=START + DAY_SECONDS if self.ends_early else None)
        world.add(disclosure)
        self.disclosure, self.disclosure_id = disclosure.id, disclosure.body.id
        escalation = world.write_escalation()
        world.add(escalation)
        self.escalation = escalation.id

    ends_early: bool = False
    """Whether the disclosure ends a day after START."""

    def _write_item(self, name: str, by: str, kind: ItemKind, sealed: tuple[str, ...]) -> None:
        statement = self.world.write_item(by, kind, sealed=sealed)
        self.world.add(statement)
        assert isinstance(statement.body, Item)
        self.items[name] = statement.body.item


def make_none() -> State:
    return State(World())


def make_proposed() -> State:
    state = make_none()
    contract = state.world.write_contract()
    state.world.add(contract)
    state.contract = contract.id
    return state


def make_active(origin: Origin = Origin.INVITED, ends_early: bool = False) -> State:
    state = State(World(), origin=origin, ends_early=ends_early)
    if origin is Origin.MANDATED:
        state.share_kinds = (ShareKind.ATTENDANCE,)
    proposal = state.world.write_contract(origin=origin, share_kinds=state.share_kinds)
    state.contract = state.world.agree(proposal)
    state.world.time += 3_600
    state.write()
    state.world.time += 3_600
    return state


def make_pending() -> State:
    state = make_active()
    contract = state.world.write_contract()
    state.world.add(contract)
    state.contract = contract.id
    return state


def make_superseded() -> State:
    state = make_active()
    state.world.agree(state.world.write_contract())
    state.world.time += 3_600
    return state


def make_dropped() -> State:
    state = make_active()
    roles = {name: FULL[name] for name in PAIR}
    state.contract = state.world.agree(state.world.write_contract(roles=roles, contacts=()), *PAIR)
    state.world.time += 3_600
    return state


def make_mandated() -> State:
    return make_active(origin=Origin.MANDATED)


def make_closed() -> State:
    state = make_active()
    state.world.add(state.world.write_closure("coachee"))
    return state


def make_ended() -> State:
    state = make_active()
    state.world.time = ENDS
    return state


def make_retained() -> State:
    state = make_closed()
    state.world.time += RETENTION_DAYS * DAY_SECONDS
    return state


def make_lapsed() -> State:
    state = make_active()
    state.world.time = ENDS + RETENTION_DAYS * DAY_SECONDS
    return state


def make_rotated() -> State:
    """Everybody but the deployment acts under a second generation of keys."""
    state = make_active()
    for name in NAMES:
        if name == "deployment":
            continue
        state.world.rotate(name)
        state.world.acting[name] = 2
        state.world.add(state.world.write_keyring(name))
        if name != "stranger":
            state.world.add(state.world.write_assent(name, state.contract))
    state.world.time += 3_600
    return state


def make_withdrawn() -> State:
    state = make_active()
    state.world.add(state.world.write_withdrawal("coachee", state.disclosure))
    return state


def make_expired() -> State:
    state = make_active(ends_early=True)
    state.world.time = START + DAY_SECONDS
    return state


def make_erased() -> State:
    state = make_active()
    readable = [item for name, item in state.items.items() if name != "private"]
    state.world.add(state.world.write_erasure("coachee", *readable, state.disclosure_id))
    return state


STATES: dict[str, Callable[[], State]] = {
    "none": make_none,
    "proposed": make_proposed,
    "active": make_active,
    "pending": make_pending,
    "superseded": make_superseded,
    "dropped": make_dropped,
    "mandated": make_mandated,
    "closed": make_closed,
    "ended": make_ended,
    "retained": make_retained,
    "lapsed": make_lapsed,
    "rotated": make_rotated,
    "stale": make_rotated,
    "withdrawn": make_withdrawn,
    "expired": make_expired,
    "erased": make_erased,
}
"""What they are:

none        an empty journal
proposed    one contract and no assent
active      coach, coachee and sponsor have assented; supervisor and contact have not
pending     a second contract stands proposed, and is the one named
superseded  a second contract is active, and the first is named
dropped     a second contract without sponsor, supervisor and contact is active
mandated    active, with that origin
closed      by the coachee
ended       the contract's `ends` has come
retained    closed, and retention has passed
lapsed      not closed, and retention has passed since `ends`
rotated     everybody but the deployment signs with new keys
stale       the same, but the signer signs with the old ones
withdrawn   the disclosure was withdrawn
expired     the disclosure's end has come
erased      everything that the coachee can read
"""
