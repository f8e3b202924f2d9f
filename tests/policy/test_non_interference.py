"""A sponsor learns nothing from policy's answers about what coach and coachee did without it.

Two worlds begin alike. In one coach and coachee then do whatever they like that is no business of its own.
The sponsor sends the same bytes in both and gets the same answers, with the same members.
"""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.states import PAIR, State, make_active
from tests.policy.worlds import ENDS, World
from tests.support.people import digest, short
from vault.policy.replay import append
from vault.protocol.envelope import Statement
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import ItemKind, ShareKind


def _rotate(world: World, name: str) -> None:
    world.rotate(name)
    world.acting[name] = len(world.keys[name].generations)
    world.add(world.write_assent(name, world.active()))


def _propose_in_vain(world: World) -> None:
    """A superseding contract to which coach and coachee never both assent."""
    proposal = world.write_contract()
    world.add(proposal)
    world.add(world.write_assent("coach", proposal.id))
    world.add(world.write_assent("coach", world.active()))


ACTS: dict[str, Callable[[State], object]] = {
    "write a note": lambda state: state.world.add(state.world.write_item("coach")),
    "write a private item": lambda state: state.world.add(
        state.world.write_item("coachee", ItemKind.PRIVATE, sealed=("coachee",))
    ),
    "draft a summary": lambda state: state.world.add(
        state.world.write_item("coachee", ItemKind.SUMMARY, sealed=("coachee",))
    ),
    "go on with a goal": lambda state: state.world.add(state.world.write_next("coachee", state.items["goal"])),
    "show a note to the supervisor": lambda state: state.world.add(
        state.world.write_reseal("coachee", state.items["note"], ("supervisor",))
    ),
    "erase a note": lambda state: state.world.add(state.world.write_erasure("coachee", state.items["action"])),
    "withdraw what was never sent": lambda state: state.world.add(
        state.world.write_withdrawal("coachee", digest("never sent", state.world.count))
    ),
    "escalate": lambda state: state.world.add(state.world.write_escalation()),
    "propose in vain": lambda state: _propose_in_vain(state.world),
    "rotate the coachee's keys": lambda state: _rotate(state.world, "coachee"),
    "rotate the coach's keys": lambda state: _rotate(state.world, "coach"),
    "close": lambda state: state.world.add(state.world.write_closure("coachee")),
}


def write_all(state: State) -> list[Statement]:
    """One of everything that a sponsor might try."""
    world = state.world
    return [
        world.write_request(),
        world.write_request(share_kind=ShareKind.GOALS),
        world.write_request(expires=ENDS + 1),
        world.write_request(contract=digest("another contract")),
        world.write_opening("sponsor", state.disclosure),
        world.write_opening("sponsor", digest("no disclosure")),
        world.write_opening("sponsor", state.escalation),
        world.write_assent("sponsor", state.contract),
        world.write_assent("sponsor", digest("no contract")),
        world.write_item("sponsor"),
        world.write_reseal("sponsor", state.items["note"], ("sponsor",)),
        world.write_disclosure("sponsor", "sponsor"),
        world.write_withdrawal("sponsor", state.disclosure),
        world.write_closure("sponsor"),
        world.write_erasure("sponsor", state.items["note"]),
        world.write_erasure("sponsor", short("no item")),
        world.write_contract("sponsor"),
        world.write_request(after=digest("another")),
        world.write_request(seen=digest("a guess")),
        world.write_escalation("sponsor"),
    ]


def answer(world: World, statement: Statement) -> object:
    """Everything that the sponsor is told, with the statement appended where it is accepted."""
    try:
        append(world.find_journal(statement), statement, world.time)
    except Refused as refusal:
        return refusal.code, refusal.members
    return "ok"


@settings(max_examples=25)
@given(
    acts=st.lists(st.sampled_from(sorted(set(ACTS) - {"close", "erase a note"})), max_size=6, unique=True),
    last=st.sets(st.sampled_from(("close", "erase a note"))),
    days=st.sampled_from((0, 1, 8, 89, 91, 130)),
)
def test_a_sponsor_gets_the_same_answers_whatever_the_others_did(acts: list[str], last: set[str], days: int) -> None:
    quiet, busy = make_active(), make_active()
    for act in (*acts, *sorted(last, reverse=True)):
        ACTS[act](busy)
    statements = write_all(quiet)
    for state in (quiet, busy):
        state.world.time += days * DAY_SECONDS
    answers = [[answer(state.world, statement) for statement in statements] for state in (quiet, busy)]
    assert answers[0] == answers[1]


def test_a_closure_by_either_changes_no_answer_to_a_sponsor() -> None:
    for name in PAIR:
        quiet, busy = make_active(), make_active()
        busy.world.add(busy.world.write_closure(name))
        statements = write_all(quiet)
        assert [quiet.world.answer(each) for each in statements] == [busy.world.answer(each) for each in statements]
