"""Invitations: a secret given by hand, and the proof that the invited person had it.

Source: docs/protocol.md section 2.
"""

import hmac

from vault.client.errors import IntroductionError
from vault.protocol.statements import Introduction

SECRET_BYTES = 16


def invitation_mac(secret: bytes, to: bytes, by: bytes) -> bytes:
    """The 32-byte `mac` of an introduction from account `by` to the inviter's account `to`."""
    return hmac.digest(secret, b"CV1 invitation\0" + to + by, "sha256")


def require_introduction_of(secret: bytes, introduction: Introduction) -> None:
    """Return if the introduction was made with this invitation's secret. Raises: IntroductionError."""
    if not hmac.compare_digest(invitation_mac(secret, introduction.to, introduction.by), introduction.mac):
        raise IntroductionError
