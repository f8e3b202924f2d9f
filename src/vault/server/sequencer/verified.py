"""The first checks of every write, before its transaction begins: type, deployment, signer, signature.

A signature is verified under the key that the account has under that id. Whether this is the key with which it acts in
the journal is for policy to say, since only those who may see the journal may learn it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from vault.errors import AudienceError, PayloadTypeError, SignatureError
from vault.policy.keys import list_key_signers
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.keys import require_valid_keys
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Keys
from vault.protocol.vocabulary import StatementType
from vault.server.context import AppContext
from vault.server.sequencer.facts_keys import find_keys_before, find_sign_key


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose signatures verify under `publics`, in order."""

    statement: Statement
    publics: tuple[bytes, ...]


def require_statement(envelope: Envelope, expected: StatementType, audience: str, signer: bytes | None) -> Statement:
    """The statement of the expected type, for this deployment, by `signer` where one is logged in.

    Raises: PayloadTypeError, StatementError, SuiteError, AudienceError, Refused(not-signer).
    """
    if envelope.type is not expected:
        raise PayloadTypeError("expected another type of statement at this address")
    statement = Statement.of(envelope)
    if statement.body.audience != audience:
        raise AudienceError("expected a statement for this deployment")
    if signer is not None and statement.body.by != signer:
        raise Refused(Code.NOT_SIGNER)
    return statement


async def verify(context: AppContext, statement: Statement) -> Verified:
    """The statement with the keys under which it verifies, found before any transaction begins.

    The deployment's own key stands in its secrets and in no table. The key with an id never changes: one that was found
    is not looked up again.

    Raises: SignatureError; InvalidKeyError for a `keys` statement whose keys are not valid.
    """
    if isinstance(statement.body, Keys):
        require_valid_keys(statement.body)
    publics = await _find_publics(context, statement)
    statement.envelope.verify(*publics)
    return Verified(statement, publics)


async def _find_publics(context: AppContext, statement: Statement) -> tuple[bytes, ...]:
    body, named = statement.body, (statement.body.by, statement.body.key)
    if named == (context.deployment.account, context.deployment.sign_key):
        return (context.deployment.sign_public,)
    known = None if isinstance(body, Keys) else context.publics.find(named)
    if known is not None:
        return (known,)
    publics = await context.storage.look(lambda connection: list_publics(connection, statement))
    if not isinstance(body, Keys):
        context.publics.keep(named, publics[0])
    return publics


def list_publics(connection: Connection, statement: Statement) -> tuple[bytes, ...]:
    """The keys under which a statement has to verify, wherever it stands.

    A `keys` statement verifies under the generation before its own, so that one which is sent again still does.

    Raises: SignatureError where the account has no such key.
    """
    body = statement.body
    if isinstance(body, Keys):
        return list_key_signers(find_keys_before(connection, body.account, body.generation), body)
    keys = find_sign_key(connection, body.by, body.key)
    if keys is None:
        raise SignatureError("expected the id of a sign key of this account")
    return (keys.sign_public,)
