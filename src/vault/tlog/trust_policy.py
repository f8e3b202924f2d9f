"""Trust policies: a file that says which logs are believed, and which witnesses have to have seen a checkpoint.

Names in the file are octets that mean nothing outside of it. White space, comments and order are free in this format.

Source: C2SP tlog-policy.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Self

from vault.encoding import read_decimal
from vault.errors import EncodingError
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.cosignature import TIME_MAXIMUM, verified_times
from vault.tlog.errors import NoteError, QuorumError, TrustPolicyError
from vault.tlog.signed_note import SignatureType, VerifierKey

POLICY_MAXIMUM_BYTES = 131_072
NONE = b"none"

_ALLOWED = frozenset(b"\t\n") | frozenset(range(0x20, 0x7F)) | frozenset(range(0x80, 0x100))


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is believed, and where it is found, if the policy says so."""

    key: VerifierKey
    url: bytes | None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness, and where it is asked, if the policy says so."""

    name: bytes
    key: VerifierKey
    url: bytes | None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups, of which `threshold` have to have seen a checkpoint."""

    name: bytes
    threshold: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Logs, witnesses and groups in the order of the file, and the name of the one that is the quorum, or `NONE`."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The policy that at most 131,072 bytes spell.

        Raises: TrustPolicyError, also for keys of types that nobody here can verify: a witness who never counts would
        make a quorum something else than it says.
        """
        if len(raw) > POLICY_MAXIMUM_BYTES:
            raise TrustPolicyError("expected a policy of at most 131,072 bytes")
        if not _ALLOWED.issuperset(raw):
            raise TrustPolicyError("expected no control characters but tab and newline")
        if not raw.endswith(b"\n"):
            raise TrustPolicyError("expected every line to end in a newline")
        lines = _Lines()
        for line in raw[:-1].split(b"\n"):
            lines.read(line.split())  # of what is white space to Python, spaces and tabs are allowed alone
        if lines.quorum is None:
            raise TrustPolicyError("expected a quorum line")
        return cls(tuple(lines.logs), tuple(lines.witnesses), tuple(lines.groups), lines.quorum)

    def verify(self, signed: SignedCheckpoint, *, earliest: int = 0, latest: int = TIME_MAXIMUM) -> Checkpoint:
        """The checkpoint, if one of the logs signed it and the quorum cosigned it.

        Only cosignatures from `earliest` to `latest` (Unix seconds, both included) count. Every signature that claims
        to be by a log or witness of this policy has to verify, whether it counts or not.

        Raises: SignatureError, QuorumError.
        """
        checkpoint = signed.verify([log.key for log in self.logs])
        witnessed = [
            witness.name
            for witness in self.witnesses
            if any(earliest <= time <= latest for time in verified_times(signed, witness.key))
        ]
        if not self.is_quorum(witnessed):
            raise QuorumError("expected the cosignatures of a quorum of witnesses, in time")
        return checkpoint

    def is_quorum(self, witnessed: Collection[bytes]) -> bool:
        """Whether these witnesses, by their names in the policy, are enough."""
        seen = {NONE, *(witness.name for witness in self.witnesses if witness.name in witnessed)}
        for group in self.groups:  # members always stand before their group
            if sum(member in seen for member in group.members) >= group.threshold:
                seen.add(group.name)
        return self.quorum in seen


@dataclass(slots=True)
class _Lines:
    """What the lines read so far have defined."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: bytes | None = None
    names: set[bytes] = field(default_factory=set)
    members: set[bytes] = field(default_factory=set)

    def read(self, words: Sequence[bytes]) -> None:
        """Take in one line, as the words between its white space."""
        match words:
            case []:
                return
            case [first, *_] if first.startswith(b"#"):
                return
            case [b"log", vkey, *url] if len(url) <= 1:
                self._add_log(Log(_read_key(vkey, SignatureType.ED25519), url[0] if url else None))
            case [b"witness", name, vkey, *url] if len(url) <= 1:
                key = _read_key(vkey, SignatureType.COSIGNATURE)
                self._add_witness(Witness(name, key, url[0] if url else None))
            case [b"group", name, threshold, _, *_]:
                self._add_group(name, threshold, tuple(words[3:]))
            case [b"quorum", name]:
                if self.quorum is not None:
                    raise TrustPolicyError("expected one quorum line")
                if name != NONE and name not in self.names:
                    raise TrustPolicyError("expected a quorum that a line before it defines")
                self.quorum = name
            case _:
                raise TrustPolicyError("expected log, witness, group or quorum with what belongs to it")

    def _add_log(self, log: Log) -> None:
        if any(log.key.public == other.key.public for other in self.logs):
            raise TrustPolicyError("expected each log's key once")
        self.logs.append(log)

    def _add_witness(self, witness: Witness) -> None:
        if any(witness.key.public == other.key.public for other in self.witnesses):
            raise TrustPolicyError("expected each witness's key once")
        self._define(witness.name)
        self.witnesses.append(witness)

    def _add_group(self, name: bytes, threshold: bytes, members: tuple[bytes, ...]) -> None:
        for member in members:
            if member not in self.names:
                raise TrustPolicyError("expected members that lines before the group define")
            if member in self.members:
                raise TrustPolicyError("expected each name as a member once")
            self.members.add(member)
        self._define(name)
        self.groups.append(Group(name, _read_threshold(threshold, len(members)), members))

    def _define(self, name: bytes) -> None:
        if name == NONE or name in self.names:
            raise TrustPolicyError("expected a name that is not taken")
        self.names.add(name)


def _read_threshold(word: bytes, count: int) -> int:
    if word in (b"any", b"all"):
        return 1 if word == b"any" else count
    try:
        threshold = read_decimal(word.decode("ascii"))
    except (UnicodeDecodeError, EncodingError):
        raise TrustPolicyError("expected any, all or a number of members") from None
    if not 1 <= threshold <= count:
        raise TrustPolicyError("expected a threshold from 1 to the number of members")
    return threshold


def _read_key(word: bytes, kind: SignatureType) -> VerifierKey:
    try:
        key = VerifierKey.parse(word.decode("utf-8"))
    except (UnicodeDecodeError, NoteError):
        raise TrustPolicyError("expected a verifier key of type 1 or 4") from None
    if key.kind is not kind:
        raise TrustPolicyError("expected keys of logs to be of type 1, and keys of witnesses of type 4")
    return key
