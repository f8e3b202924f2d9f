"""Keys and keyrings: an unbroken chain that the person alone continues."""

from typing import Any

import pytest

from tests.policy.worlds import World
from tests.support.people import account, digest, seal_key, seed, short, sign_key
from vault.errors import InvalidKeyError, SignatureError
from vault.policy.facts import KeyringAdded, KeyringFact, KeysAdded, KeysFact
from vault.policy.replay import ReplayedKeys, append
from vault.protocol.envelope import sign
from vault.protocol.journal import salt_sha256
from vault.protocol.limits import ZERO32
from vault.protocol.problems import Refused
from vault.protocol.statements import Keyring, Keys
from vault.protocol.vocabulary import KeysReason


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def empty() -> World:
    """A world in which the coach has no keys yet."""
    world = World()
    world.keys["coach"] = ReplayedKeys(account("coach"))
    return world


def first_keys(world: World, **changes: Any) -> str:
    """The answer to the coach's first statement, changed so."""
    key = sign_key("coach").key
    return world.answer(world.write_keys("coach", **{"key": key, **changes}))


def test_the_first_generation_certifies_the_account_by_itself(empty: World) -> None:
    statement = empty.write_keys("coach")
    fact = KeysFact(
        statement=statement.id,
        account=account("coach"),
        generation=1,
        sign_key=sign_key("coach").key,
        sign_public=sign_key("coach").public,
        seal_key=seal_key("coach").key,
        reason=KeysReason.CREATE,
    )
    assert empty.add(statement) == (KeysAdded(fact),)
    assert empty.keys["coach"].find_current() == fact


def test_an_account_is_not_another_keys_account(empty: World) -> None:
    assert first_keys(empty, sign=sign_key("coach", 2), key=sign_key("coach", 2).key) == "signature-invalid"
    statement = empty.write_keys("coach", sign_generation=2, signers=(2,), key=sign_key("coach", 2).key)
    assert empty.answer(statement) == "account-mismatch"


@pytest.mark.parametrize("member", ["account", "by"])
def test_a_statement_in_a_keys_journal_is_by_and_about_its_account(empty: World, world: World, member: str) -> None:
    changes: dict[str, Any] = {member: account("coachee")}
    for each, reason in ((empty, KeysReason.CREATE), (world, KeysReason.ROTATE)):
        statement = each.write_keys("coach", reason, seal_generation=2, **changes)
        with pytest.raises(Refused) as refusal:
            append(each.keys["coach"], statement, each.time)
        assert refusal.value.code == "account-mismatch"
    both = world.write_keys("coach", KeysReason.ROTATE, by=account("coachee"), account=account("coachee"))
    with pytest.raises(Refused) as refusal:
        append(world.keys["coach"], both, world.time)
    assert refusal.value.code == "account-mismatch"


def test_a_first_statement_that_is_no_first_one_is_refused(empty: World) -> None:
    assert first_keys(empty, generation=2) == "key-chain"
    for reason in (KeysReason.ROTATE, KeysReason.RECOVER, KeysReason.RETIRE):
        assert first_keys(empty, reason=reason) == "key-chain"
    assert first_keys(empty, key=short("another")) == "key-chain"
    assert first_keys(empty) == "ok"


@pytest.mark.parametrize("reason", [KeysReason.ROTATE, KeysReason.RECOVER])
@pytest.mark.parametrize(("sign_generation", "seal_generation"), [(2, 1), (1, 2), (2, 2)])
def test_a_rotation_changes_at_least_one_key(
    world: World, reason: KeysReason, sign_generation: int, seal_generation: int
) -> None:
    statement = world.write_keys("coach", reason, sign_generation=sign_generation, seal_generation=seal_generation)
    assert world.answer(statement) == "ok"
    assert world.answer(world.write_keys("coach", reason)) == "key-chain"
    assert world.answer(
        world.write_keys("coach", KeysReason.CREATE, sign_generation=sign_generation, seal_generation=2)
    ) == ("key-chain")


def test_a_retirement_changes_no_key_and_ends_the_journal(world: World) -> None:
    for sign_generation, seal_generation in ((2, 1), (1, 2)):
        statement = world.write_keys(
            "coach", KeysReason.RETIRE, sign_generation=sign_generation, seal_generation=seal_generation
        )
        assert world.answer(statement) == "key-chain"
    world.add(world.write_keys("coach", KeysReason.RETIRE))
    for reason in (KeysReason.ROTATE, KeysReason.RECOVER):
        assert world.answer(world.write_keys("coach", reason, sign_generation=2)) == "key-chain"
    assert world.answer(world.write_keys("coach", KeysReason.RETIRE)) == "key-chain"


@pytest.mark.parametrize(("generation", "answer"), [(1, "generation-taken"), (2, "ok"), (3, "key-chain")])
def test_generations_are_counted_without_gaps(world: World, generation: int, answer: str) -> None:
    assert (
        world.answer(world.write_keys("coach", KeysReason.ROTATE, seal_generation=2, generation=generation)) == answer
    )


def test_the_newest_key_continues_the_chain_and_is_the_one_named(world: World) -> None:
    world.rotate("coach")
    old = world.write_keys("coach", KeysReason.ROTATE, sign_generation=2, seal_generation=3, signers=(1,))
    assert world.answer(old) == "signature-invalid"
    named = world.write_keys(
        "coach", KeysReason.ROTATE, sign_generation=2, seal_generation=3, key=sign_key("coach", 1).key
    )
    assert world.answer(named) == "key-chain"


@pytest.mark.parametrize("signers", [(1,), (2,), (2, 1), (1, 1), (2, 2)])
def test_a_new_sign_key_is_signed_by_the_old_one_and_then_by_itself(world: World, signers: tuple[int, ...]) -> None:
    assert world.answer(world.write_keys("coach", KeysReason.ROTATE, sign_generation=2, signers=signers)) == (
        "signature-invalid"
    )


def test_one_signature_is_enough_where_the_sign_key_stays(world: World) -> None:
    statement = world.write_keys("coach", KeysReason.ROTATE, seal_generation=2, signers=(1, 1))
    assert world.answer(statement) == "signature-invalid"


def test_public_keys_are_validated_before_signatures(world: World) -> None:
    broken = seal_key("coach", 2).model_copy(update={"key": short("another")})
    statement = world.write_keys("coach", KeysReason.ROTATE, signers=(5,), seal=broken)
    with pytest.raises(InvalidKeyError):
        world.add(statement)


def test_a_keys_statement_stands_on_the_newest_one(world: World) -> None:
    statement = world.write_keys("coach", KeysReason.ROTATE, seal_generation=2, after=ZERO32)
    assert world.answer(statement) == "not-newest"
    assert world.answer(world.write_keys("coach", KeysReason.ROTATE, seal_generation=2, seen=None)) == "seen-unknown"


# Keyrings


def test_a_keyring_is_kept_with_the_generation_that_signed_it(world: World) -> None:
    statement = world.write_keyring("coach")
    assert isinstance(statement.body, Keyring)
    fact = KeyringFact(statement.id, 1, statement.body)
    assert world.add(statement) == (KeyringAdded(fact),)
    assert world.keyrings["coach"].find_current() == fact


@pytest.mark.parametrize(
    ("sequence", "answer"), [(1, "sequence-taken"), (2, "sequence-taken"), (3, "ok"), (4, "sequence-taken")]
)
def test_sequences_are_counted_without_gaps(world: World, sequence: int, answer: str) -> None:
    assert world.answer(world.write_keyring("coach", sequence=2)) == "sequence-taken"
    for _ in range(2):
        world.add(world.write_keyring("coach"))
    assert world.answer(world.write_keyring("coach", sequence=sequence)) == answer


def test_a_keyring_is_signed_with_a_key_not_older_than_the_one_before(world: World) -> None:
    world.add(world.write_keyring("coach"))
    world.rotate("coach")
    world.add(world.write_keyring("coach", 1))
    world.add(world.write_keyring("coach", 2))
    assert world.answer(world.write_keyring("coach", 1)) == "key-stale"
    assert world.answer(world.write_keyring("coach", 2)) == "ok"
    assert world.answer(world.write_keyring("coach", 5)) == "key-stale", "no generation of the account"


def test_a_seal_key_that_changes_alone_makes_a_generation_of_its_own(world: World) -> None:
    world.add(world.write_keys("coach", KeysReason.ROTATE, seal_generation=2))
    world.add(world.write_keyring("coach"))
    keyring = world.keyrings["coach"].find_current()
    assert keyring is not None
    assert keyring.generation == 2, "the newest generation with that sign key"


def test_a_keyring_is_its_owners(world: World) -> None:
    statement = world.write_keyring("coach", by=account("coachee"), after=digest("x"))
    with pytest.raises(Refused) as refusal:
        append(world.keyrings["coach"], statement, world.time)
    assert refusal.value.code == "not-signer"


def test_a_keyring_commits_to_one_salt(world: World) -> None:
    assert world.answer(world.write_keyring("coach", salt_sha256=salt_sha256(digest("another")))) == (
        "statement-malformed"
    )


def test_a_keyring_stands_on_the_newest_one(world: World) -> None:
    assert world.answer(world.write_keyring("coach", after=ZERO32)) == "not-newest"
    first = world.write_keyring("coach")
    world.add(first)
    assert world.answer(world.write_keyring("coach", after=first.body.after)) == "not-newest"
    assert world.answer(world.write_keyring("coach", seen=digest("x"))) == "seen-unknown"


def test_another_type_does_not_belong_here(world: World) -> None:
    keys, keyring = world.write_keys("coach", KeysReason.ROTATE, seal_generation=2), world.write_keyring("coach")
    for journal, statement in ((world.keys["coach"], keyring), (world.keyrings["coach"], keys)):
        with pytest.raises(Refused) as refusal:
            append(journal, statement, world.time)
        assert refusal.value.code == "key-stale"


def test_a_signature_of_somebody_else_is_refused(world: World) -> None:
    body = world.write_keyring("coach").body
    with pytest.raises(SignatureError):
        append(world.keyrings["coach"], sign(body, [seed("coachee")]), world.time)
    assert world.keyrings["coach"].find_current() is None
    assert not isinstance(body, Keys)
