"""What must not be signed anew: why it waits is a code of the protocol, or a state that is none."""

from typing import Any, get_type_hints

import pytest

from tests.found import found
from tests.protocol.samples import SAMPLES
from vault.client.outbox import renaming
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import MODELS
from vault.protocol.vocabulary import StatementType

WORDS = (StatementType.DISCLOSURE, StatementType.ITEM, StatementType.ESCALATION)


@found("F59")
@pytest.mark.parametrize("word", WORDS)
def test_why_a_statement_is_not_signed_anew_is_typed_and_no_bare_word(word: StatementType) -> None:
    body: Any = MODELS[word].model_validate(SAMPLES[word])
    assert type(renaming.refuse_to_rename(body, {body.contract: bytes(32)})) is not str


@found("F59")
def test_a_refusal_is_made_of_a_code_alone() -> None:
    assert get_type_hints(Refused.__init__)["code"] is Code
