"""mypy refuses the wrong 32 bytes where ids pass hands, and a code that does not exist, before anything runs."""

from pathlib import Path

import pytest

from tests.architecture.trees import copy_tree

WRONG = """
\"\"\"What nobody may write.\"\"\"

from vault.policy.facts import EngagementFacts
from vault.protocol.ids import Account, EngagementId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Withdrawal


def confuse(facts: EngagementFacts, account: Account, engagement: EngagementId, body: Withdrawal) -> None:
    \"\"\"Every line is wrong.\"\"\"
    facts.find_contract(account)
    facts.find_newest(body.disclosure)
    facts.list_assents(engagement)
    facts.find_disclosure(body.by)
    Refused("not-found")
    Refused(Code.NOT_FUOND)
"""
FOUND = (
    'Argument 1 to "find_contract" of "EngagementFacts" has incompatible type "Account"; expected "StatementId"',
    'Argument 1 to "find_newest" of "JournalFacts" has incompatible type "StatementId"; expected "Account"',
    'Argument 1 to "list_assents" of "EngagementFacts" has incompatible type "EngagementId"; expected "Account"',
    'Argument 1 to "find_disclosure" of "EngagementFacts" has incompatible type "Account"; expected "StatementId"',
    'Argument 1 to "Refused" has incompatible type "str"; expected "Code"',
    '"type[Code]" has no attribute "NOT_FUOND"',
)


@pytest.mark.slow
def test_a_wrong_id_and_a_code_that_does_not_exist_do_not_pass_mypy(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path, "src")
    tree.write("src/vault/policy/confused.py", WRONG)
    ran = tree.run("mypy", "src/vault/policy/confused.py")
    assert ran.code == 1
    assert [each for each in FOUND if each not in ran.output] == [], ran.output
    assert f"Found {len(FOUND)} errors" in ran.output
