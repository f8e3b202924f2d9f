"""The words of closed lists as people read them. `--json` and options keep the words of the protocol."""

from collections.abc import Mapping

from vault.protocol.vocabulary import Purpose, ShareKind

SHARE_KINDS: Mapping[ShareKind, str] = {
    ShareKind.THEMES: "themes of the coaching",
    ShareKind.GOALS: "goals",
    ShareKind.PROGRESS: "progress",
    ShareKind.ATTENDANCE: "attendance",
    ShareKind.COMPLETION: "completion",
}
PURPOSES: Mapping[Purpose, str] = {
    Purpose.DEVELOPMENT_PLAN: "for a development plan",
    Purpose.PROGRAMME_REPORT: "for a report on the programme",
    Purpose.CLOSING_CONVERSATION: "for a closing conversation",
    Purpose.OWN_WORDS: "in the coachee's own words",
}


def about(share_kind: str, purpose: str) -> str:
    """What a disclosure is about and what it is for, such as "about progress, for a development plan"."""
    return f"about {SHARE_KINDS[ShareKind(share_kind)]}, {PURPOSES[Purpose(purpose)]}"


def plain(word: str) -> str:
    """Any other word of a closed list, without the hyphens of machines."""
    return word.replace("_", " ")
