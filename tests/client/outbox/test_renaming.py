"""What must not be signed anew waits for its person: with a code of the protocol, or in a state that is none."""

from typing import Any, get_type_hints

import pytest

from tests.protocol.samples import SAMPLES
from tests.support.people import seed
from vault.client.device.keeping import read_waiting, store_waiting
from vault.client.device.waiting import Waiting, WaitingState
from vault.client.outbox.renaming import hold_back
from vault.protocol.envelope import sign
from vault.protocol.naming import find_journal
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import MODELS
from vault.protocol.submission import NO_PARTS, spell
from vault.protocol.vocabulary import StatementType

OTHER = bytes(32)
STATES = [
    (WaitingState.UNSENT, None),
    (WaitingState.DISCLOSE_AGAIN, None),
    *((WaitingState.REFUSED, code) for code in Code),
]


def waiting(word: StatementType, **members: Any) -> Waiting:
    body = MODELS[word].model_validate(SAMPLES[word] | members)
    signed = sign(body, [seed("coach")])
    return Waiting("/v1", spell(signed), signed, NO_PARTS, find_journal(body), made=1)


def named(each: Waiting, member: str) -> bytes:
    found: bytes = getattr(each.signed.body, member)
    return found


@pytest.mark.parametrize("word", [StatementType.ITEM, StatementType.ESCALATION])
def test_content_that_is_bound_to_what_is_another_now_waits_with_a_code(word: StatementType) -> None:
    each = waiting(word)
    held_back = hold_back(each, {named(each, "contract"): OTHER})
    assert held_back is not None
    assert (held_back.state, held_back.refused) == (WaitingState.REFUSED, Code.NOT_FOUND)


def test_a_disclosure_waits_without_a_code_whatever_has_become_of_what_it_names() -> None:
    held_back = hold_back(waiting(StatementType.DISCLOSURE), {})
    assert held_back is not None
    assert (held_back.state, held_back.refused) == (WaitingState.DISCLOSE_AGAIN, None)


@pytest.mark.parametrize(("word", "member"), [(StatementType.ASSENT, "contract"), (StatementType.OPENING, "of")])
def test_what_brings_no_content_may_be_signed_anew(word: StatementType, member: str) -> None:
    each = waiting(word)
    assert hold_back(each, {named(each, member): OTHER}) is None
    assert hold_back(waiting(StatementType.ITEM), {}) is None


def test_a_refusal_is_made_of_a_code_alone() -> None:
    assert get_type_hints(Refused.__init__)["code"] is Code


@pytest.mark.parametrize(("state", "code"), STATES)
def test_why_something_waits_is_kept_and_read_back(state: WaitingState, code: Code | None) -> None:
    each = waiting(StatementType.DISCLOSURE)
    if code is not None:
        each = each.refuse(code)
    elif state is WaitingState.DISCLOSE_AGAIN:
        each = each.leave_to_disclose_again()
    again = read_waiting(store_waiting(each))
    assert (again.state, again.refused, again.is_unsent) == (state, code, state is WaitingState.UNSENT)
    assert again == each
    assert again.wait_again().is_unsent
