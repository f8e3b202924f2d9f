"""Credentials as text and as they are stored: 256 random bits behind a prefix that tells the kind, kept as SHA-256."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable

APP_PREFIX = "cva_"
ENROLMENT_PREFIX = "cve_"
LOGIN_PREFIX = "cvt_"
CREDENTIAL_BYTES = 32

PERSON_SCOPE = "person"
KEYRING_SCOPE = "keyring"


def new_credential(prefix: str, random: Callable[[int], bytes]) -> tuple[str, bytes]:
    """A new credential, to be shown once, and its SHA-256, to be stored."""
    text = prefix + urlsafe_b64encode(random(CREDENTIAL_BYTES)).decode("ascii").rstrip("=")
    return text, credential_sha256(text)


def credential_sha256(text: str) -> bytes:
    """The 32 bytes by which a credential is stored and found."""
    return hashlib.sha256(text.encode("ascii")).digest()
