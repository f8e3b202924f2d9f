"""Seal content once and its key to each reader: the blob, the signed references, and the seals in their order.

Who the readers are comes from the replayed contract and from nowhere else.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from vault.client.crypto.content import Header, seal_content
from vault.client.crypto.sealing import seal_content_key
from vault.client.device.session import Session
from vault.client.errors import VerificationError
from vault.policy.facts import EngagementFacts, KeysFact
from vault.policy.parties import find_current_keys
from vault.protocol.blob import BlobContext
from vault.protocol.ids import Account
from vault.protocol.seal import SealContext
from vault.protocol.statements import BlobRef, Contract, SealRef
from vault.protocol.vocabulary import SealPurpose


@dataclass(frozen=True, slots=True)
class Sealed:
    """A blob and its seals, and how a statement names them."""

    blob: bytes
    ref: BlobRef
    seals: tuple[bytes, ...]
    refs: tuple[SealRef, ...]


def current_keys_of(facts: EngagementFacts, contract: Contract, accounts: Iterable[bytes]) -> list[KeysFact]:
    """The current keys of each account in this engagement, ascending by account. Raises: VerificationError."""
    found = [find_current_keys(facts, Account(account), contract) for account in sorted(accounts)]
    keys = [each for each in found if each is not None]
    if len(keys) != len(found):
        raise VerificationError("keys", "expected verified keys of every reader")
    return keys


def seal_to(
    session: Session,
    purpose: SealPurpose,
    context: BlobContext,
    header: Header,
    body: bytes,
    readers: Iterable[KeysFact],
) -> Sealed:
    """A new blob under a new content key, sealed to each reader. Raises: ContentTooLargeError."""
    content_key = session.random(32)
    blob = seal_content(context, content_key, session.random(24), header, body)
    digest = hashlib.sha256(blob).digest()
    refs, seals = seal_key_to(session, purpose, context, digest, content_key, readers)
    return Sealed(blob, BlobRef(sha256=digest, size=len(blob)), seals, refs)


def seal_key_to(
    session: Session,
    purpose: SealPurpose,
    context: BlobContext,
    blob_sha256: bytes,
    content_key: bytes,
    readers: Iterable[KeysFact],
) -> tuple[tuple[SealRef, ...], tuple[bytes, ...]]:
    """References and seals of one content key, ascending by account."""
    refs, seals = [], []
    for keys in sorted(readers, key=lambda each: each.account):
        seal_context = SealContext(purpose, context, session.account, keys.account, keys.seal_key, blob_sha256)
        seal = seal_content_key(content_key, seal_context, session.verified.seal_publics[keys.seal_key])
        refs.append(SealRef(account=keys.account, key=keys.seal_key, sha256=hashlib.sha256(seal).digest()))
        seals.append(seal)
    return tuple(refs), tuple(seals)
