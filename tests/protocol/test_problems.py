"""Refusals: every code once, with a status and a sentence that says what to do."""

import re
from pathlib import Path

import pytest

from vault.errors import VaultError
from vault.protocol import problems
from vault.protocol.problems import PROBLEMS, Code, Refused, find_code

STATUSES = {400, 401, 403, 404, 405, 409, 410, 413, 415, 416, 422, 429, 431, 500, 503}


def test_every_code_stands_under_its_own_name() -> None:
    assert [problem.code for problem in PROBLEMS.values()] == list(PROBLEMS)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in PROBLEMS)


def test_every_code_has_its_problem_in_the_same_order() -> None:
    assert list(PROBLEMS) == list(Code)


def test_no_problem_is_written_twice_in_the_source() -> None:
    source = Path(problems.__file__).read_text(encoding="utf-8")
    written = re.findall(r"_problem\(Code\.([A-Z_]+)", source)
    assert written == list(Code.__members__)


def test_a_code_is_read_from_its_one_spelling() -> None:
    assert [find_code(code.value) for code in Code] == list(Code)
    assert [find_code(other) for other in ("", "Busy", "disclose-again", None, 404)] == [None] * 5


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_says_what_is_and_what_to_do(code: Code) -> None:
    problem = PROBLEMS[code]
    assert problem.status in STATUSES
    assert re.fullmatch(r"[A-Z][^.]*[a-zA-Z]", problem.title)
    assert re.fullmatch(r"[A-Z].*\.", problem.what_to_do)
    assert len(problem.what_to_do) > len("Nothing is left to do")
    assert "  " not in problem.what_to_do


def test_titles_tell_problems_apart() -> None:
    titles = [problem.title for problem in PROBLEMS.values()]
    assert len(set(titles)) == len(titles)


def test_a_refusal_carries_its_problem_and_what_helps() -> None:
    refusal = Refused(Code.NOT_NEWEST, after="00")
    assert isinstance(refusal, VaultError)
    assert (refusal.code, refusal.members, refusal.retry_after_seconds) == ("not-newest", {"after": "00"}, None)
    assert refusal.what_to_do == PROBLEMS[Code.NOT_NEWEST].what_to_do
    assert str(refusal) == "The statement does not stand on your newest one (not-newest)"
    assert Refused(Code.TOO_MANY, retry_after_seconds=7).retry_after_seconds == 7
