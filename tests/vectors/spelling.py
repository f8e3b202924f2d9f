"""How the vectors spell values: bytes of ids, hashes and seeds in hex, longer bytes in base64."""

from typing import Any

from vault.protocol.blob import BlobContext
from vault.protocol.seal import SealContext

Vector = dict[str, Any]


def spell_blob_context(context: BlobContext) -> Vector:
    """The members of a blob's context, and the hash that they make."""
    return {
        "kind": context.kind,
        "engagement": context.engagement.hex(),
        "contract": context.contract.hex(),
        "item": context.item.hex(),
        "version": context.version,
        "author": context.author.hex(),
        "previous": context.previous.hex(),
        "digest": context.digest.hex(),
    }


def spell_seal_context(context: SealContext) -> Vector:
    """The members of a seal's context beside those of its blob, and the bytes that they make."""
    return {
        "purpose": context.purpose,
        "blob": spell_blob_context(context.blob),
        "sender": context.sender.hex(),
        "recipient": context.recipient.hex(),
        "recipient_key": context.recipient_key.hex(),
        "blob_sha256": context.blob_sha256.hex(),
        "info": context.info.hex(),
    }
