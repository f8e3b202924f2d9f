"""What a coachee reads before sealing a summary for a sponsor: one text a language, shipped with the client.

The statement names the SHA-256 of the text that was shown, so no server can put other words in front of a person.
Source: docs/protocol.md section 3.3, disclosure.
"""

import hashlib
from importlib.resources import files

from vault.protocol.vocabulary import Locale


def consent_text(locale: Locale) -> str:
    """The text in that language, ending in one line break."""
    return (files(__name__) / f"{locale}.txt").read_text(encoding="utf-8")


def consent_sha256(locale: Locale) -> bytes:
    """32 bytes: the hash of the text's UTF-8."""
    return hashlib.sha256(consent_text(locale).encode("utf-8")).digest()
