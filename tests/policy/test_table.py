"""The truth table: every role, type and kind in every state; table.csv says what should be, policy what is."""

from collections import Counter

import pytest

from tests.policy.cells import WORDS, Cell, list_cells, make_statement, read_table
from tests.policy.states import STATES
from tests.policy.worlds import NAMES
from vault.protocol.kinds import JOURNALED
from vault.protocol.problems import PROBLEMS

EXPECTED = dict(read_table())


def test_the_table_says_one_thing_about_every_cell_of_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    named = Counter(cell for cell, _ in read_table())
    cells = set(list_cells())
    assert {cell for cell, count in named.items() if count > 1} == set(), "a cell stands in two lines"
    assert cells - named.keys() == set(), "a cell is missing"
    assert named.keys() - cells == set()
    answers = Counter(EXPECTED.values())
    with capsys.disabled():
        print(f"\ntruth table: {len(cells):,} cells, {answers['ok']:,} ok, {len(answers) - 1} codes of refusal")


def test_the_table_has_every_type_that_stands_in_a_journal() -> None:
    assert {word.removesuffix(" later") for word in WORDS} == {word.value for word in JOURNALED}


def test_the_table_answers_with_codes_that_exist() -> None:
    assert set(EXPECTED.values()) - {"ok"} <= PROBLEMS.keys()


@pytest.mark.parametrize("state", STATES)
def test_policy_answers_as_the_table_says_in_state(state: str) -> None:
    world = STATES[state]()
    cells = [cell for cell in list_cells() if cell.state == state]
    answers = {cell: world.world.answer(make_statement(cell, world)) for cell in cells}
    different = {cell: (EXPECTED[cell], answer) for cell, answer in answers.items() if EXPECTED[cell] != answer}
    assert different == {}, "cell: (the table, policy)"


def test_in_no_cell_does_anyone_but_the_coachee_seal_content_to_a_sponsor_or_a_contact() -> None:
    sealing = [
        cell
        for cell, answer in EXPECTED.items()
        if answer == "ok"
        and (
            (cell.type == "item" and cell.how in ("+sponsor", "+contact"))
            or (cell.type == "reseal" and cell.how in ("sponsor", "contact"))
            or cell.type == "disclosure"
        )
    ]
    assert {(cell.type, cell.role, cell.how) for cell in sealing} == {("disclosure", "coachee", "sponsor")}


def test_what_is_accepted_can_also_be_appended() -> None:
    cells = [cell for cell, answer in EXPECTED.items() if answer == "ok" and cell.how in ("-", "right", "sponsor")]
    for cell in cells[:: max(1, len(cells) // 100)]:
        state = STATES[cell.state]()
        assert state.world.add(make_statement(cell, state)), cell


def test_a_cell_that_is_answered_otherwise_is_noticed() -> None:
    cell = Cell("disclosure", NAMES[0], "listed", "sponsor", "active")
    state = STATES["active"]()
    assert state.world.answer(make_statement(cell, state)) == EXPECTED[cell] == "role-refused"
