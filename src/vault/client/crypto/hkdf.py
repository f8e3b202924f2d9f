"""HKDF with SHA-256: extract, then expand. Source: RFC 5869."""

import hmac

_HASH_BYTES = 32


def derive(ikm: bytes, salt: bytes, info: bytes, size_bytes: int) -> bytes:
    """`size_bytes` (at most 8,160) bytes of key material."""
    pseudorandom_key = hmac.digest(salt, ikm, "sha256")
    blocks = [b""]
    for counter in range(1, -(-size_bytes // _HASH_BYTES) + 1):
        blocks.append(hmac.digest(pseudorandom_key, blocks[-1] + info + bytes([counter]), "sha256"))
    return b"".join(blocks)[:size_bytes]
