"""Errors of a transparency log: text and bytes that break a format, and proofs and quorums that do not hold."""

from vault.errors import FormatError


class TlogError(FormatError):
    """The root of what is raised here, beside the errors of `vault.encoding` and `vault.ed25519`."""


class NoteError(TlogError):
    """Bytes that are no signed note, or text that is no verifier key."""


class CheckpointError(TlogError):
    """Text that is no checkpoint of the expected log."""


class TileError(TlogError):
    """A path that names no tile, or bytes that cannot be the tile or bundle that was asked for."""


class TlogProofError(TlogError):
    """Text that is no tlog-proof."""


class TrustPolicyError(TlogError):
    """Text that is no trust policy."""


class TreeError(TlogError):
    """A place that is not in the tree, or a frontier that belongs to no tree."""


class InclusionError(TlogError):
    """A proof that does not show the leaf in the tree."""


class ConsistencyError(TlogError):
    """A proof that does not show one tree as the beginning of the other: a rewound, forked or rewritten log."""


class QuorumError(TlogError):
    """A checkpoint that not enough witnesses have cosigned in time."""
