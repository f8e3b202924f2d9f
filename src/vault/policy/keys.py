"""Who may continue a keys journal or a keyring journal: the person alone, in an unbroken chain.

Source: docs/protocol.md section 4 rule 0.
"""

from vault.policy.facts import KeyringAdded, KeyringFact, KeyringFacts, KeysAdded, KeysFact, KeysFacts
from vault.policy.place import require_newest
from vault.protocol.ids import StatementId, account_id
from vault.protocol.journal import salt_sha256
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Keyring, Keys
from vault.protocol.vocabulary import KeysReason


def list_key_signers(current: KeysFact | None, body: Keys) -> tuple[bytes, ...]:
    """The public keys that must sign: the newest sign key, then the new one where it changes."""
    if current is None or current.sign_public == body.sign.public:
        return (body.sign.public,)
    return (current.sign_public, body.sign.public)


def decide_keys(facts: KeysFacts, statement: StatementId, body: Keys) -> tuple[KeysAdded]:
    """The next generation. Raises: Refused(account-mismatch | generation-taken | key-chain | not-newest)."""
    current = facts.find_current()
    if body.by != body.account or body.account != facts.journal.subject:
        raise Refused(Code.ACCOUNT_MISMATCH)
    if current is None:
        _require_first(body)
    else:
        _require_next(current, body)
    require_newest(facts, body, holds_salt=True)
    return (KeysAdded(keys_fact(statement, body)),)


def keys_fact(statement: StatementId, body: Keys) -> KeysFact:
    """What others need of a `keys` statement with this id."""
    return KeysFact(
        statement=statement,
        account=body.account,
        generation=body.generation,
        sign_key=body.sign.key,
        sign_public=body.sign.public,
        seal_key=body.seal.key,
        reason=body.reason,
    )


def _require_first(body: Keys) -> None:
    if body.account != account_id(body.sign.public):
        raise Refused(Code.ACCOUNT_MISMATCH)
    if body.generation != 1 or body.reason is not KeysReason.CREATE or body.key != body.sign.key:
        raise Refused(Code.KEY_CHAIN)


def _require_next(current: KeysFact, body: Keys) -> None:
    if body.generation <= current.generation:
        raise Refused(Code.GENERATION_TAKEN)
    changes = (body.sign.key, body.seal.key) != (current.sign_key, current.seal_key)
    if (
        body.generation != current.generation + 1
        or body.key != current.sign_key
        or body.reason is KeysReason.CREATE
        or current.reason is KeysReason.RETIRE
        or changes == (body.reason is KeysReason.RETIRE)
    ):
        raise Refused(Code.KEY_CHAIN)


def decide_keyring(facts: KeyringFacts, statement: StatementId, body: Keyring) -> tuple[KeyringAdded]:
    """The next keyring. Raises: Refused(not-signer | sequence-taken | key-stale | statement-malformed | not-newest)."""
    current = facts.find_current()
    signer = facts.find_key(body.key)
    if body.by != facts.journal.subject:
        raise Refused(Code.NOT_SIGNER)
    if body.sequence != (1 if current is None else current.body.sequence + 1):
        raise Refused(Code.SEQUENCE_TAKEN)
    if signer is None or (current is not None and signer.generation < current.generation):
        raise Refused(Code.KEY_STALE)
    if body.salt_sha256 != salt_sha256(facts.salt):
        raise Refused(Code.STATEMENT_MALFORMED)
    require_newest(facts, body, holds_salt=True)
    return (KeyringAdded(KeyringFact(statement, signer.generation, body)),)
