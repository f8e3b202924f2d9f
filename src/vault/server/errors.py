"""How errors of the formats become refusals: one code for each, and never a word of what was sent."""

from vault.errors import (
    AudienceError,
    BlobShapeError,
    EncodingError,
    FormatError,
    InvalidKeyError,
    SealShapeError,
    SignatureError,
    SlotShapeError,
    StatementError,
    SuiteError,
)
from vault.protocol.problems import Refused
from vault.protocol.strict_json import JsonError

_CODES: tuple[tuple[type[FormatError], str], ...] = (
    (StatementError, "statement-malformed"),
    (SuiteError, "suite"),
    (AudienceError, "audience"),
    (SignatureError, "signature-invalid"),
    (InvalidKeyError, "key-invalid"),
    (BlobShapeError, "blob-shape"),
    (SealShapeError, "seal-shape"),
    (SlotShapeError, "slot-shape"),
    (JsonError, "body-malformed"),
    (EncodingError, "body-malformed"),
)


def refusal_of(error: FormatError) -> Refused:
    """The refusal that a broken format is answered with."""
    return Refused(next((code for kind, code in _CODES if isinstance(error, kind)), "body-malformed"))
