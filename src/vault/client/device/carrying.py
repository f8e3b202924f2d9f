"""What a keyring carries from one device of a person to the next: spelled from two parts, and taken over into them.

Source: docs/protocol.md section 8.
"""

from dataclasses import replace

from vault.client.crypto.identity import SecretKeys
from vault.client.device.deployment import Deployment
from vault.client.device.identity import Identity
from vault.client.device.keyring import (
    EngagementSalt,
    Generation,
    KeyringContent,
    KnownDeployment,
    Pin,
    Source,
)
from vault.client.device.verified import Verified
from vault.client.errors import ForkDetected, VerificationError
from vault.errors import FormatError
from vault.protocol.ids import account_id
from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JournalKind
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.signed_note import VerifierKey


def carry(account: bytes, deployment: Deployment, identity: Identity, verified: Verified) -> KeyringContent:
    """What the next keyring holds."""
    known, tlog = verified.deployment_keys, verified.tlog
    return KeyringContent(
        account=account,
        generations=tuple(
            Generation(generation=number, sign=keys.sign_seed, seal=keys.seal_seed)
            for number, keys in sorted(identity.generations.items())
        ),
        salt=identity.salt,
        engagements=tuple(EngagementSalt(engagement=key, salt=salt) for key, salt in sorted(identity.salts.items())),
        pins=tuple(
            Pin(kind=journal.kind, subject=journal.subject.hex(), seq=seq, head=head)
            for journal, (seq, head) in sorted(verified.pins.items(), key=lambda one: (one[0].kind, one[0].subject))
        ),
        people=tuple(identity.people[account] for account in sorted(identity.people)),
        invitations=identity.invitations,
        sources=tuple(
            Source(disclosure=disclosure, item=item, version=version)
            for disclosure, (item, version) in sorted(identity.sources.items())
        ),
        deployment=KnownDeployment(
            audience=deployment.audience,
            url=deployment.url,
            account=None if known is None else known[0],
            sign=None if known is None else known[1],
            log=None if tlog.key is None else tlog.key.to_text(),
            checkpoint=None if tlog.pinned is None else tlog.pinned.to_bytes().decode("utf-8"),
        ),
        recovery=identity.recovery,
        kit=identity.kit,
    )


def take_over(account: bytes, identity: Identity, verified: Verified, content: KeyringContent) -> Identity:
    """The identity with what a keyring says, `verified` with its pins; what is known already and newer stays.

    Raises: VerificationError for a keyring of another account; ForkDetected; LogKeyError. Then nothing has changed.
    """
    first = SecretKeys(content.generations[0].sign, content.generations[0].seal)
    if account_id(first.sign_public) != account or content.account != account:
        raise VerificationError("own keys", "expected a keyring of this account")
    pins = {JournalId(JournalKind(pin.kind), bytes.fromhex(pin.subject)): (pin.seq, pin.head) for pin in content.pins}
    for journal, (seq, head) in pins.items():
        if verified.pinned(journal)[0] == seq and verified.pinned(journal)[1] != head:
            raise ForkDetected("journal", "expected the history that another device of this person has seen")
    verified.tlog.adopt(*_read_known_tlog(content.deployment))
    verified.pins.update({journal: pin for journal, pin in pins.items() if pin[0] > verified.pinned(journal)[0]})
    if content.deployment.account is not None and content.deployment.sign is not None:
        verified.deployment_keys = (content.deployment.account, content.deployment.sign)
    known = {invitation.secret for invitation in identity.invitations}
    return replace(
        identity,
        generations={
            **identity.generations,
            **{each.generation: SecretKeys(each.sign, each.seal) for each in content.generations},
        },
        salt=content.salt,
        recovery=content.recovery,
        kit=content.kit,
        salts={**identity.salts, **{each.engagement: each.salt for each in content.engagements}},
        people={**identity.people, **{person.account: person for person in content.people}},
        invitations=(*identity.invitations, *(each for each in content.invitations if each.secret not in known)),
        sources={**identity.sources, **{each.disclosure: (each.item, each.version) for each in content.sources}},
    )


def _read_known_tlog(known: KnownDeployment) -> tuple[VerifierKey | None, SignedCheckpoint | None]:
    """The log's key and newest checkpoint that a keyring of this person names. Raises: VerificationError."""
    try:
        key = None if known.log is None else VerifierKey.parse(known.log)
        checkpoint = None if known.checkpoint is None else SignedCheckpoint.parse(known.checkpoint.encode("utf-8"))
        if checkpoint is not None:
            checkpoint.verify([] if key is None else [key])
    except FormatError as error:
        raise VerificationError("keyring", "expected a checkpoint of the log that the keyring names") from error
    return key, checkpoint
