"""What a person sees of their vault, without what differs from one signature to the next: to compare two states."""

from typing import Any

from vault.client import Vault
from vault.client.device.session import Session
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.values import JournalLine

_SHELVES = ("notes", "goals", "actions", "assessments", "drafts", "summaries")
_YES = ("contract", "assent")
Seen = dict[str, Any]


def see_device(session: Session) -> Seen:
    """What stands in the folder: keys, ways back, people, salts, and what waits."""
    return see_keyring(session) | {
        "waiting": sorted((each.type.value, each.refused or "") for each in session.outbox.waiting),
        "uploads": sorted(each.header.name for each in session.outbox.uploads),
    }


def see_keyring(session: Session) -> Seen:
    """What every device of this person has to know."""
    identity, log_key = session.identity, session.verified.tlog.key
    return {
        "account": session.account.hex(),
        "generations": {str(number): keys.sign_key.hex() for number, keys in sorted(identity.generations.items())},
        "recovery": (identity.recovery or b"").hex(),
        "kit": (identity.kit or b"").hex(),
        "salts": sorted(salt.hex() for salt in identity.salts.values()),
        "people": sorted((each.name, each.account.hex(), each.state.value) for each in identity.people.values()),
        "invitations": sorted(each.name for each in identity.invitations),
        "sources": len(identity.sources),
        "log": None if log_key is None else log_key.to_text(),
    }


def see_engagements(vault: Vault) -> Seen:
    """What the deployment shows and this vault verifies and opens."""
    engagements = vault.engagements.list()
    journals = [each.journal() for each in engagements if each.role in ("coach", "coachee")]
    newest = max(vault._session.identity.generations.items())[1].sign_key.hex()
    return {
        "engagements": sorted((_see_engagement(each) for each in engagements), key=repr),
        "entries": sorted(sorted(line.type for line in journal) for journal in journals),
        "under old keys": sum(_last_yes(journal, vault.account) != newest for journal in journals),
    }


def _last_yes(journal: list[JournalLine], account: str) -> str | None:
    """The sign key of a person's last yes in an engagement."""
    own = [line.members["key"] for line in journal if line.type in _YES and line.members["by"] == account]
    return str(own[-1]) if own else None


def _see_engagement(engagement: Engagement) -> Seen:
    seen: Seen = {
        "role": engagement.role,
        "closed": engagement.closed,
        "contracts": [(terms.state, engagement.words(terms.id)) for terms in engagement.contracts],
    }
    if engagement.role == "sponsor":
        return seen | {"inbox": [(each.share_kind, each.purpose, each.expires) for each in engagement.inbox()]}
    shelves = _SHELVES if engagement.role != "supervisor" else ("notes",)
    for shelf in shelves:
        seen[shelf] = [
            (item.title, item.version, item.body, [each.name for each in item.attachments])
            for item in getattr(engagement, shelf).list()
        ]
    if engagement.role != "supervisor":
        seen["disclosures"] = [(each.read_state(), len(each.openings())) for each in engagement.disclosures()]
    return seen


def tell_differences(found: Seen, old: Seen, new: Seen) -> list[str]:
    """Each member that is neither that of the old state nor of the new one; none where all of it is one of both."""
    if found in (old, new):
        return []
    odd = [name for name in sorted(found) if found[name] not in (old.get(name), new.get(name))]
    return [f"{name} is neither the old nor the new" for name in odd] or [
        "mixed: "
        + ", ".join(name for name in sorted(found) if found[name] != old.get(name))
        + " of the new state alone"
    ]
