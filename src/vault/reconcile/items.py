"""The rows of items and of all sealed content: who holds which version, blobs, seals, and what items are attached.

An erasure takes content away and leaves the versions. Source: docs/protocol.md section 4 rules 4, 5 and 10, section 7.
"""

from collections import defaultdict

from vault.policy.facts import Effect, Erased, SealsAdded, VersionAdded
from vault.protocol.naming import find_blob, find_resealed, find_seals
from vault.protocol.statements import Item
from vault.protocol.vocabulary import SEAL_PURPOSE_CODES
from vault.reconcile.expected import Expected, Key
from vault.reconcile.journals import Entry


class ContentRows:
    """What the content of one engagement makes. `attached` is the size of each attachment that an item names."""

    TABLES = ("items", "holdings", "blobs", "seals", "attachment_namings")

    def __init__(self, engagement: bytes, expected: Expected) -> None:
        """The rows go into `expected`."""
        self.attached: dict[bytes, int] = {}
        self._engagement = engagement
        self._expected = expected
        self._versions: dict[bytes, list[bytes]] = defaultdict(list)
        self._seals: dict[bytes, list[Key]] = defaultdict(list)
        self._holders: dict[bytes, set[bytes]] = defaultdict(set)
        self._of_item: dict[bytes, set[bytes]] = defaultdict(set)
        self._namings: dict[bytes, list[Key]] = defaultdict(list)

    def add_parts(self, entry: Entry) -> None:
        """The blob, the seals and the attachments that a statement brings or names."""
        body, statement, here = entry.statement.body, entry.statement.id, self._engagement
        if body.row.purpose is None:
            return
        blob = find_blob(body)
        if blob is not None:
            self._expected.put("blobs", engagement=here, statement=statement, sha256=blob.sha256, blob=blob.sha256)
        of = find_resealed(body) or statement
        for seal in find_seals(body) or ():
            self._expected.put(
                "seals",
                engagement=here,
                statement=statement,
                account=seal.account,
                purpose=SEAL_PURPOSE_CODES[body.row.purpose],
                of=of,
                key=seal.key,
                seal=seal.sha256,
            )
            self._seals[of].append((here, statement, seal.account))
        if isinstance(body, Item):
            self._attach(body, statement)

    def _attach(self, body: Item, statement: bytes) -> None:
        """An attachment is the upload of who named it first, and belongs to that item."""
        for ref in body.attachments:
            if ref.id not in self.attached:
                self.attached[ref.id] = ref.size
                self._of_item[body.item].add(ref.id)
                self._expected.put(
                    "attachments",
                    engagement=self._engagement,
                    attachment=ref.id,
                    uploader=body.by,
                    uploaded=ref.size,
                    size=ref.size,
                    sha256=ref.sha256,
                    item=body.item,
                )
            key = (self._engagement, ref.id, statement)
            self._expected.put("attachment_namings", engagement=key[0], attachment=key[1], statement=key[2])
            self._namings[ref.id].append(key)

    def take(self, entry: Entry, effect: Effect) -> bool:
        """Whether the effect is about these rows, which have taken it over then."""
        match effect:
            case VersionAdded(version):
                self._versions[version.item].append(version.statement)
                self._expected.put(
                    "items",
                    engagement=self._engagement,
                    item=version.item,
                    version=version.version,
                    seq=entry.position.seq,
                    statement=version.statement,
                    kind=version.kind.value,
                    author=version.author,
                    erased=0,
                )
            case SealsAdded(item, version, seals):
                for account, _ in seals:
                    self._hold(account, item, version, entry.position.seq)
            case Erased(items):
                for item in items:
                    self._erase_item(item)
                for statement in effect.disclosures:
                    self._destroy(statement)
                return not effect.disclosures  # what else there is of a disclosure is somebody else's
            case _:
                return False
        return True

    def _hold(self, account: bytes, item: bytes, version: int, seq: int) -> None:
        """The newest version that is sealed to an account, and the entry that did so first."""
        key = (self._engagement, account, item)
        if account not in self._holders[item]:
            kind = self._expected.value("items", (self._engagement, item, version), "kind")
            self._holders[item].add(account)
            self._expected.put(
                "holdings", engagement=key[0], account=account, item=item, version=version, seq=seq, kind=kind
            )
        else:
            held = self._expected.value("holdings", key, "version")
            if isinstance(held, int) and held < version:
                self._expected.change("holdings", key, version=version, seq=seq)

    def _erase_item(self, item: bytes) -> None:
        here = self._engagement
        for number, statement in enumerate(self._versions[item], 1):
            self._expected.change("items", (here, item, number), erased=1)
            self._destroy(statement)
        for account in self._holders.pop(item, ()):
            self._expected.drop("holdings", (here, account, item))
        for attachment in self._of_item.pop(item, ()):
            self._expected.drop("attachments", (here, attachment))
            del self.attached[attachment]
            for key in self._namings.pop(attachment):
                self._expected.drop("attachment_namings", key)

    def _destroy(self, statement: bytes) -> None:
        self._expected.drop("blobs", (self._engagement, statement))
        for key in self._seals.pop(statement, ()):
            self._expected.drop("seals", key)
