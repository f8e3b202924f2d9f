"""Every error as one line and a hint, or as a problem object, and its exit code; never a traceback."""

import os
from typing import Any, Protocol, runtime_checkable

from vault.client.errors import (
    ForkDetected,
    LogForked,
    LogRewind,
    RollbackError,
    SignedBadlyError,
    Unreachable,
    UsageError,
    VerificationError,
    WithheldError,
    WrongPassphrase,
)
from vault.errors import FormatError, VaultError
from vault.protocol.problems import Refused

REFUSED, USAGE, NOT_VERIFIED, UNREACHABLE, WRONG_PASSPHRASE, INTERRUPTED = 1, 2, 3, 4, 5, 130

NOT_USED = "nothing of it was used; do not go on with this server"
NOTHING_LOST = "nothing that was signed is lost; mend that, and run the command again"
GONE_BACK = (
    "nothing of it was used, and nothing on this device is lost. If whoever runs the server has brought back a backup, "
    "`coach-vault rollback show` tells what is missing and how to go on"
)
BACK = (RollbackError, WithheldError, ForkDetected, LogRewind, LogForked)
"""What an older state looks like; it can be something worse, which is why people decide."""


@runtime_checkable
class ParserError(Protocol):
    """What typer raises for a command line that it cannot read."""

    exit_code: int

    def format_message(self) -> str:
        """One sentence."""


class Unfinished(VaultError):
    """Something stopped half way: its cause, what to do about it, and members that tell what stands all the same."""

    def __init__(self, cause: VaultError, hint: str | None = None, **members: Any) -> None:
        """`members` join those of the problem object."""
        super().__init__(str(cause))
        self.cause, self.hint, self.members = cause, hint, members


def exit_code(error: BaseException) -> int:
    """0 to 5, as the page of the command says."""
    if isinstance(error, Unfinished):
        return exit_code(error.cause)
    if isinstance(error, UsageError | ParserError):
        return USAGE
    if isinstance(error, Unreachable):
        return UNREACHABLE
    if isinstance(error, WrongPassphrase):
        return WRONG_PASSPHRASE
    if isinstance(error, VerificationError | FormatError):
        return NOT_VERIFIED
    return REFUSED


def problem_of(error: BaseException) -> dict[str, Any]:
    """The problem object: that of RFC 9457 for what a server or policy refuses, and its like for everything else."""
    if isinstance(error, Unfinished):
        hint = {} if error.hint is None else {"hint": error.hint}
        return problem_of(error.cause) | hint | error.members
    if isinstance(error, Refused):
        problem = error.problem
        words = {"type": f"/problems/{problem.code}", "title": problem.title, "status": problem.status}
        return {**words, "detail": problem.what_to_do, "code": problem.code, **error.members}
    if isinstance(error, VerificationError):
        more = {"step": error.step, "evidence": error.evidence}
        return _like("verification-failed", "A proof does not hold", str(error)) | more
    if isinstance(error, FormatError):
        return _like("verification-failed", "That breaks the format", str(error))
    if isinstance(error, SignedBadlyError):
        return _like("does-not-open", "What somebody signed does not open", str(error)) | {"signer": error.signer.hex()}
    if isinstance(error, Unreachable):
        return _like("unreachable", "The deployment does not answer", str(error))
    if isinstance(error, WrongPassphrase):
        return _like("wrong-passphrase", "That is not the passphrase", str(error))
    if isinstance(error, UsageError):
        return _like("usage", "That cannot be done so", str(error))
    if isinstance(error, ParserError):
        return _like("usage", "That command line cannot be read", error.format_message())
    if isinstance(error, OSError | UnicodeError):
        return _like("device", "This device refused it", _words_of_device(error))
    detail = (
        f"{type(error).__name__}: nothing that was signed is lost; run the command again, and report it if it stays"
    )
    return _like("broken", "Something broke in this program", detail)


def sentence_of(error: BaseException) -> str:
    """One line for a person, and what to do as a second one where the first does not say it."""
    if isinstance(error, Unfinished):
        return sentence_of(error.cause) + ("" if error.hint is None else f"\nhint: {error.hint}")
    if isinstance(error, Refused):
        return f"refused: {error.problem.title} ({error.code})\nhint: {error.what_to_do}"
    if isinstance(error, VerificationError):
        lines = [f"not verified ({error.step}): {error}", f"hint: {GONE_BACK if isinstance(error, BACK) else NOT_USED}"]
        if error.evidence is not None:
            lines.append(f"evidence: {error.evidence}")
        return "\n".join(lines)
    if isinstance(error, FormatError):
        return f"not verified: {error}"
    if isinstance(error, ParserError):
        if error.format_message().startswith("Usage:"):
            return error.format_message()
        return f"usage: {error.format_message()}\nhint: add --help to the command"
    if isinstance(error, VaultError):
        return f"error: {error}"
    if isinstance(error, OSError | UnicodeError):
        return f"error: {_words_of_device(error)}\nhint: {NOTHING_LOST}"
    return f"error: {problem_of(error)['detail']}"


def _words_of_device(error: OSError | UnicodeError) -> str:
    """What the operating system, or a text that is none, has to say: a reason and a path, and nothing of a content."""
    if isinstance(error, UnicodeError):
        return "expected UTF-8"
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else f"{reason}: {os.fsdecode(error.filename)}"


def _like(code: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": None, "title": title, "status": None, "detail": detail, "code": code}
