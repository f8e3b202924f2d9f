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
from vault.protocol.problems import Code, Refused
from vault.protocol.strict_json import JsonError

_CODES: tuple[tuple[type[FormatError], Code], ...] = (
    (StatementError, Code.STATEMENT_MALFORMED),
    (SuiteError, Code.SUITE),
    (AudienceError, Code.AUDIENCE),
    (SignatureError, Code.SIGNATURE_INVALID),
    (InvalidKeyError, Code.KEY_INVALID),
    (BlobShapeError, Code.BLOB_SHAPE),
    (SealShapeError, Code.SEAL_SHAPE),
    (SlotShapeError, Code.SLOT_SHAPE),
    (JsonError, Code.BODY_MALFORMED),
    (EncodingError, Code.BODY_MALFORMED),
)


def refusal_of(error: FormatError) -> Refused:
    """The refusal that a broken format is answered with."""
    return Refused(next((code for kind, code in _CODES if isinstance(error, kind)), Code.BODY_MALFORMED))
