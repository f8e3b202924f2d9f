"""Errors of the client: proofs that fail, words that cannot be read, and a network that does not answer.

A failed proof names its step of docs/protocol.md section 4.1 and never the content. Whatever goes wrong while
content is opened says one and the same sentence: its class tells a test which guard held, an attacker learns nothing.
"""

from typing import ClassVar

from vault.errors import VaultError


class UsageError(VaultError):
    """What was asked cannot be done; the message says what to do instead."""


class CodeError(UsageError):
    """A typed code that is mistyped, cut off, or of another kind."""


class ContentTooLargeError(UsageError):
    """More content than a blob or a keyring holds."""


class SignedBadlyError(VaultError):
    """Somebody signed something that does not open: theirs to mend, and nothing that a server did."""

    def __init__(self, signer: bytes, name: str) -> None:
        """`name` is what the signer is called here."""
        super().__init__(f"what {name} signed here does not open; only {name} can write it again")
        self.signer = signer


class WrongPassphrase(VaultError):
    """What was typed does not open this folder. A slip of a person, and no proof that failed."""

    def __init__(self) -> None:
        """There is one thing to do."""
        super().__init__("this passphrase does not open the folder; type it again: nobody can reset it")


class PassphraseChanged(UsageError):
    """Another device of this person has changed the passphrase; this one needs the new one to store a keyring."""

    def __init__(self) -> None:
        """There is one thing to do."""
        super().__init__("the passphrase was changed on another device; give the new one to this device too")


class KeysNotInForce(UsageError):
    """The recipient has made new keys and has not assented with them: the old ones may be in somebody else's hands."""

    def __init__(self) -> None:
        """There is one thing to do."""
        super().__init__(
            "the recipient has new keys, and has not assented to the contract with them; "
            "ask them to open their app once, then disclose"
        )


class WrongClock(UsageError):
    """Two clocks that are more than five minutes apart: this device's and the deployment's. One of them is wrong."""


class Unreachable(VaultError):
    """No answer came. A write is kept in the outbox and sent again, the same bytes."""


class VerificationError(VaultError):
    """A proof that fails: what arrived is not used, and pinned state stays as it was."""

    def __init__(self, step: str, message: str) -> None:
        """`step` is a word for the step of section 4.1; `message` says what was expected."""
        super().__init__(message)
        self.step = step
        self.evidence: str | None = None
        """The file that proves it, where one was written."""


class AccountMismatchError(VerificationError):
    """Keys that do not belong to the account that was asked for."""


class KeyChainError(VerificationError):
    """Keys that do not continue the chain from the account's first ones."""


class KeyRollbackError(VerificationError):
    """Keys other than the ones that a contract or an assent names."""


class OwnKeyError(VerificationError):
    """A server that shows other keys for this account than the own keyring holds."""


class KeyringRollbackError(VerificationError):
    """A keyring older than one that this device has seen."""


class RollbackError(VerificationError):
    """A journal that is shorter than this device has seen, or whose time falls."""


class WithheldError(VerificationError):
    """A journal with a gap."""


class ForkDetected(VerificationError):
    """Two histories of one journal exist."""


class ClockSkewError(VerificationError):
    """A server whose clock differs from this device's by more than five minutes."""


class LogError(VerificationError):
    """A proof of the transparency log that fails."""


class NoReceipt(LogError):
    """A statement that comes without proof that the log holds it: it does not count as written."""

    def __init__(self, message: str) -> None:
        """`message` says what was expected."""
        super().__init__("receipt", message)


class LogKeyError(LogError):
    """Another key of the log than the one that this identity knows."""


class LogRewind(LogError):
    """A log that is shorter than this device has seen."""


class LogForked(LogError):
    """A log that has signed two trees, of which none is the beginning of the other."""


class LogTileError(LogError):
    """A checkpoint, tile or entries that do not belong to the log."""


class ContentError(VerificationError):
    """Sealed content that does not open to what was signed; every subclass says the same."""

    STEP: ClassVar[str] = "content"
    MESSAGE: ClassVar[str] = "sealed content does not open to what was signed"

    def __init__(self) -> None:
        """Every failure of one kind of content reads the same."""
        super().__init__(self.STEP, self.MESSAGE)


class ContentShapeError(ContentError):
    """Length, magic, suite, kind or zero bytes differ."""


class BlobHashError(ContentError):
    """Size or SHA-256 differ from the statement's."""


class SealHashError(ContentError):
    """The SHA-256 of a seal differs from the statement's."""


class SealContextError(ContentError):
    """A seal that does not open under the context of the statement that carries it."""


class CommitmentError(ContentError):
    """The content key is not the one that the sealed bytes commit to."""


class AeadError(ContentError):
    """Ciphertext, key or associated data differ from what was sealed."""


class PaddingError(ContentError):
    """Padding other than the one that the length allows."""


class HeaderError(ContentError):
    """The header inside is malformed or names another place than the statement."""


class TruncationError(ContentError):
    """An attachment that ends before its FINAL chunk, or goes on after it."""


class KeyringContentError(ContentError):
    """The text inside a keyring is not the one of section 8."""

    STEP = "keyring"


class SlotError(VerificationError):
    """A slot that cannot be used."""

    def __init__(self, message: str) -> None:
        """`message` says what was expected."""
        super().__init__("slot", message)


class KdfFloorError(SlotError):
    """Parameters below the floors or above the caps; nothing was derived from the passphrase."""


class SlotAccountError(SlotError):
    """A slot of another account or kind."""


class SlotCommitmentError(CommitmentError):
    """Passphrase, kit or recovery code are not the ones of this slot."""

    STEP = "slot"
    MESSAGE = "the passphrase, kit or recovery code does not open this slot"


class IntroductionError(VerificationError):
    """An introduction that was not made with the secret of this invitation."""

    def __init__(self) -> None:
        """There is one way to fail."""
        super().__init__("introduction", "the introduction was not made with this invitation")
