"""The log only grows: every checkpoint that this person was shown is proven to be a beginning of the newest one.

Proofs are made from tiles that the client fetches itself and verifies up to the newest signed root. What fails is asked
anew the next time, but for one thing: two checkpoints signed by one log that contradict each other are evidence against
it, for everybody, and nothing of that log is believed any more. Source: docs/protocol.md sections 10.2 to 10.4.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NoReturn

from vault.client.device.session import Session
from vault.client.errors import LogError, LogForked, LogKeyError, LogRewind, LogTileError, Unreachable
from vault.client.log.receipts import believe
from vault.client.network.answers import read_answer, require_success
from vault.client.network.calls import Act, Call
from vault.encoding import write_base64
from vault.errors import FormatError
from vault.protocol.api import Deployment
from vault.protocol.problems import Refused
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.consistency import consistency_ranges
from vault.tlog.errors import TileError
from vault.tlog.signed_note import NOTE_MAXIMUM_BYTES, SignatureType, VerifierKey
from vault.tlog.subtrees import Range
from vault.tlog.tiles import Tile
from vault.tlog.verified_tree import VerifiedTree

UNCONFIRMED_MAXIMUM = 16
"""With more than that, checkpoints are confirmed at once; fewer wait for one another."""


def ensure_tlog_key(session: Session) -> Act[None]:
    """Know the log's key: the one that was given or learned before, else what the deployment says the first time.

    Raises: LogKeyError; Unreachable.
    """
    if session.verified.tlog.key is None:
        yield from learn_tlog_key(session)


def learn_tlog_key(session: Session) -> Act[None]:
    """Ask the deployment for its log's key, and hold it for ever.

    Raises: LogKeyError where another key is known, or it is not that of this deployment's log; Unreachable.
    """
    answer = yield Call("GET", "/v1/deployment")
    try:
        key = read_tlog_key(read_answer(answer, Deployment).log_key, session.deployment.audience)
    except Refused as refused:
        raise Unreachable("the deployment does not answer") from refused
    if session.verified.tlog.key not in (None, key):
        raise LogKeyError("receipt", "expected the key of the log that this identity knows")
    if session.verified.tlog.key is None:
        session.verified.tlog.key = key
        session.note_due()


def read_tlog_key(text: str, audience: str) -> VerifierKey:
    """The key of the log with this origin. Raises: LogKeyError for text that is none."""
    try:
        key = VerifierKey.parse(text)
    except FormatError as error:
        raise LogKeyError("receipt", f"expected the log's key: {error}") from error
    if (key.name, key.kind) != (audience, SignatureType.ED25519):
        raise LogKeyError("receipt", "expected the key of this deployment's log, by whose name statements are signed")
    return key


def confirm(session: Session) -> Act[VerifiedTree]:
    """The log's newest tree, after every checkpoint that was seen before is proven to be a beginning of it.

    Raises: LogForked, and from then on each time; LogRewind, LogTileError; Unreachable.
    """
    if session.verified.tlog.broken is not None:
        raise session.verified.tlog.broken
    yield from ensure_tlog_key(session)
    seen = session.verified.tlog.list_seen()  # before the request: what comes after it may be newer than its answer
    note = yield from fetch_tlog("checkpoint")
    try:
        head = believe(session, note)
    except FormatError as error:
        refuse_tlog(session, LogTileError("checkpoint", "expected a checkpoint that the log has signed"), [note], error)
    for before, checkpoint in seen:
        if checkpoint.size > head.size:
            rewind = LogRewind("checkpoint", f"expected a log of at least {checkpoint.size} leaves, as it was before")
            refuse_tlog(session, rewind, [before, note])
    tree = VerifiedTree(head.size, head.root)
    older = [Range(0, checkpoint.size) for _, checkpoint in seen if checkpoint.size < head.size]
    if older:
        yield from load(session, tree, older)
    for before, checkpoint in seen:
        if root_at(tree, checkpoint) != checkpoint.root:
            proof = yield from _explain(session, tree, checkpoint)
            fork = LogForked("checkpoint", "expected a log that only grows; it has signed two histories")
            refuse_tlog(session, fork, [before, note], proof=proof)
    if not session.verified.tlog.confirm([before for before, _ in seen], SignedCheckpoint.parse(note)):
        return (yield from confirm(session))  # nothing is believed of a tree before it was compared with that one
    session.verified.tlog.tree, session.verified.tlog.is_failing = tree, False
    session.save()
    return tree


def root_at(tree: VerifiedTree, checkpoint: Checkpoint) -> bytes:
    """The root that the tree had when it was as large as the checkpoint."""
    return tree.root if checkpoint.size == tree.size else tree.hash_of(Range(0, checkpoint.size))


def _explain(session: Session, tree: VerifiedTree, checkpoint: Checkpoint) -> Act[dict[str, object]]:
    """The root that the newest tree had at that size, and the proof of it: with both notes it convinces anybody."""
    ranges = consistency_ranges(checkpoint.size, tree.size)
    yield from load(session, tree, ranges)
    return {"root": write_base64(root_at(tree, checkpoint)), "proof": [write_base64(tree.hash_of(p)) for p in ranges]}


def confirm_if_many(session: Session) -> Act[None]:
    """Confirm where many checkpoints wait; where nobody answers they go on waiting. Raises: LogError."""
    if len(session.verified.tlog.unconfirmed) > UNCONFIRMED_MAXIMUM:
        with suppress(Unreachable):
            yield from confirm(session)


def believe_many(session: Session, receipts: Iterable[str]) -> Act[None]:
    """Believe the checkpoints of many receipts by the newest tree, which costs less than their signatures.

    What had the root of the newest tree at its size is signed with it. Whatever does not fit is left to be verified by
    itself, and so is all of it where the log does not answer.

    Raises: LogError.
    """
    notes = {receipt.partition("\n\n")[2].encode("utf-8") for receipt in receipts}
    found = {note: read_claimed(session, note) for note in notes - session.verified.tlog.believed.keys()}
    claimed = {note: one for note, one in found.items() if one is not None}
    if len(claimed) <= UNCONFIRMED_MAXIMUM:
        return
    with suppress(Unreachable):
        tree = session.verified.tlog.tree
        if tree is None or any(one.size > tree.size for one in claimed.values()):
            tree = yield from confirm(session)
        within = {note: one for note, one in claimed.items() if one.size <= tree.size}
        yield from load(session, tree, [Range(0, one.size) for one in within.values() if one.size < tree.size])
        true = {note: one for note, one in within.items() if root_at(tree, one) == one.root}
        session.verified.tlog.believed |= true
        session.verified.tlog.confirmed |= true.keys()


def read_claimed(session: Session, note: bytes) -> Checkpoint | None:
    """The checkpoint that a note spells, if it claims to be signed by the log; the signature is not verified."""
    try:
        signed = SignedCheckpoint.parse(note)
    except FormatError:
        return None
    key = session.verified.tlog.key
    if key is None or signed.checkpoint.origin != key.name or not any(one.is_by(key) for one in signed.signatures):
        return None
    return signed.checkpoint


def load(session: Session, tree: VerifiedTree, ranges: Iterable[Range]) -> Act[None]:
    """Fetch what the tree needs to know the hashes of these ranges. Raises: LogTileError; Unreachable."""
    raw: dict[Tile, bytes] = {}
    for tile in tree.missing_tiles(ranges):
        raw[tile] = yield from fetch_tlog(tile.path)
    try:
        tree.add(raw)
    except TileError as error:
        refuse_tlog(session, LogTileError("tiles", "expected the tiles of the tree that the log has signed"), [], error)


def fetch_tlog(path: str) -> Act[bytes]:
    """A file of the log. Raises: Unreachable, also where the deployment says that it has no such file."""
    answer = yield Call("GET", f"/log/{path}", answer_bytes=NOTE_MAXIMUM_BYTES)
    try:
        require_success(answer)
    except Refused as refused:
        raise Unreachable("the deployment's log does not answer") from refused
    return answer.body


def refuse_tlog(
    session: Session,
    error: LogError,
    notes: list[bytes],
    cause: Exception | None = None,
    proof: dict[str, object] | None = None,
) -> NoReturn:
    """Keep what shows why; a fork, which the log has signed twice, breaks it for good. Raises: the error."""
    log = session.verified.tlog
    pinned = [] if log.pinned is None else [log.pinned.to_bytes()]
    members: dict[str, object] = {
        "log_key": None if log.key is None else log.key.to_text(),
        "checkpoints": [note.decode("utf-8", "replace") for note in notes or pinned],
    }
    error.evidence = session.keep_evidence(type(error).__name__, members | (proof or {}))
    log.is_failing = True
    if isinstance(error, LogForked):
        session.verified.tlog.broken = error
    raise error from cause
