"""What items and reseals write: the version, and for everyone with a seal the newest version held."""

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.policy.facts import Effect, SealsAdded, VersionAdded
from vault.protocol.statements import Item
from vault.protocol.submission import Submission
from vault.server.sequencer.journal import Written
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import holdings, items

_ITEM = Prepared(insert(items))
_HOLDING = Prepared(insert(holdings))
_HELD = Prepared(
    select(holdings.c.version).where(
        holdings.c.engagement == bindparam("engagement"),
        holdings.c.account == bindparam("account"),
        holdings.c.item == bindparam("item"),
    )
)
_HOLD_NEWER = Prepared(
    update(holdings)
    .where(
        holdings.c.engagement == bindparam("of_engagement"),
        holdings.c.account == bindparam("of_account"),
        holdings.c.item == bindparam("of_item"),
    )
    .values(version=bindparam("version"), seq=bindparam("seq"))
)
_KIND = Prepared(
    select(items.c.kind).where(
        items.c.engagement == bindparam("engagement"),
        items.c.item == bindparam("item"),
        items.c.version == bindparam("version"),
    )
)


def add_item(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """A version, and who holds it; a reseal brings holders alone."""
    engagement, seq = written.journal.subject, written.position.seq
    is_new = any(isinstance(effect, VersionAdded) and effect.version.version == 1 for effect in effects)
    for effect in effects:
        match effect:
            case VersionAdded(version):
                _ITEM.run(
                    connection,
                    {
                        "engagement": engagement,
                        "item": version.item,
                        "version": version.version,
                        "seq": seq,
                        "statement": version.statement,
                        "kind": version.kind.value,
                        "author": version.author,
                        "erased": int(version.erased),
                    },
                )
            case SealsAdded() if is_new:
                _hold_first(connection, written, effect)
            case SealsAdded():
                _hold(connection, engagement, seq, effect)


def _hold_first(connection: Connection, written: Written, added: SealsAdded) -> None:
    """Nobody holds a new item yet."""
    body = written.statement.body
    assert isinstance(body, Item)
    held = {"item": added.item, "version": added.version, "seq": written.position.seq, "kind": body.kind.value}
    rows = [{"engagement": body.engagement, "account": account, **held} for account, _ in added.seals]
    _HOLDING.run_each(connection, rows)


def _hold(connection: Connection, engagement: bytes, seq: int, added: SealsAdded) -> None:
    version = {"engagement": engagement, "item": added.item, "version": added.version}
    kind = _KIND.find(connection, version).kind
    for account in {account for account, _ in added.seals}:
        key = {"engagement": engagement, "account": account, "item": added.item}
        held = _HELD.find(connection, key)
        if held is None:
            _HOLDING.run(connection, {**key, "version": added.version, "seq": seq, "kind": kind})
        elif held.version < added.version:
            renamed = {f"of_{name}": value for name, value in key.items()}
            _HOLD_NEWER.run(connection, {**renamed, "version": added.version, "seq": seq})
