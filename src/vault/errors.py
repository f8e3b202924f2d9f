"""The roots of every error that this package raises.

`FormatError` is for bytes that break a format: whoever made them is wrong. A lawful no is a
`vault.protocol.problems.Refused`; a proof that fails is a `vault.client.errors.VerificationError`. A message names what
was expected, never what was given: messages end up in logs.
"""


class VaultError(Exception):
    """The root of all errors of this package."""

    kept: str | None = None
    """The id (hex) of a statement that this act has signed: it waits in the outbox, and is not to be written again."""


class FormatError(VaultError):
    """Bytes or text that break a format."""


class EncodingError(FormatError):
    """Text that is not the one accepted spelling of a value."""


class StatementError(FormatError):
    """A statement whose envelope or payload breaks docs/protocol.md section 3."""


class PayloadTypeError(StatementError):
    """A statement of another type than the one that is expected here."""


class SuiteError(FormatError):
    """A suite other than 1; there is no other, and nothing is negotiated."""


class AudienceError(FormatError):
    """A statement that was made for another deployment."""


class SignatureError(FormatError):
    """A signature that does not verify under the expected key."""


class InvalidKeyError(FormatError):
    """A public key that is not canonical or not of prime order."""


class BlobShapeError(FormatError):
    """Bytes that cannot be a blob: length, magic or bucket differ."""


class SealShapeError(FormatError):
    """Bytes that cannot be a seal: the length differs, or the X25519 half is no point of prime order."""


class SlotShapeError(FormatError):
    """Bytes that cannot be a slot: magic, parameters or account differ."""
