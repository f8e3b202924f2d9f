"""What the machine sends on purpose: for every type a good statement, and for every code one that is refused with it.

Each is so wherever the state of the world allows it. What is to be refused differs from a good one in one thing.
"""

from collections.abc import Callable

from tests.policy.worlds import CONTACT_ID, ENGAGEMENT, World
from tests.support.people import account, digest, short
from vault.protocol.envelope import Statement
from vault.protocol.ids import StatementId
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.statements import BlobRef
from vault.protocol.vocabulary import ErasureReason, ItemKind, KeysReason, Origin, Role, ShareKind

Written = tuple[Statement, ...]
"""Statements to send one after the other; the last one is the one to be refused."""


def _break_id(world: World) -> Written:
    taken = next(identifier for by, identifier in world.keys["coach"].ids if by == account("coach"))
    return (world.write_keys("coach", KeysReason.ROTATE, sign_generation=9, id=taken),)


def _break_class(world: World) -> Written:
    item = next(
        (item for item, versions in world.engagement.versions.items() if not versions[-1].erased), short("none")
    )
    return (world.write_next("coach", item, kind=ItemKind.ASSESSMENT),)


def _break_version(world: World) -> Written:
    mine = [
        versions[-1]
        for versions in world.engagement.versions.values()
        if versions[-1].author == account("coach") and versions[-1].kind is ItemKind.GOAL and not versions[-1].erased
    ]
    return (world.write_next("coach", mine[0].item, version=mine[0].version + 2),) if mine else ()


def _break_opening(world: World) -> Written:
    ended = [
        statement
        for statement, disclosure in world.engagement.disclosures.items()
        if not disclosure.is_live_at(world.time)
    ]
    return (world.write_opening("sponsor", ended[0]),) if ended else ()


def _break_withdrawal(world: World) -> Written:
    withdrawn = sorted(world.engagement.withdrawn)
    return (world.write_withdrawal("coachee", withdrawn[0] if withdrawn else digest("withdrawn ahead")),)


def _break_foreign_keyring(world: World) -> Written:
    return (world.write_keyring("coach", by=account("coachee"), after=digest("nothing")),)


BREAKERS: dict[str, Callable[[World], Written]] = {
    "account-mismatch": lambda world: (world.write_keys("coach", KeysReason.ROTATE, account=account("coachee")),),
    "generation-taken": lambda world: (world.write_keys("coach", KeysReason.ROTATE, generation=1),),
    "key-chain": lambda world: (world.write_keys("coach", KeysReason.CREATE, sign_generation=9),),
    "not-signer": _break_foreign_keyring,
    "sequence-taken": lambda world: (world.write_keyring("coach", sequence=7_000),),
    "key-stale": lambda world: (world.write_withdrawal("coachee", digest("x"), key=short("no key")),),
    "statement-malformed": lambda world: (world.write_keyring("coach", salt_sha256=digest("another salt")),),
    "seen-unknown": lambda world: (world.write_closure("coach", seen=digest("another history")),),
    "not-newest": lambda world: (world.write_withdrawal("coachee", digest("x"), after=digest("older")),),
    "path-mismatch": lambda world: (world.write_withdrawal("coachee", digest("x"), engagement=short("another")),),
    "id-taken": _break_id,
    "clock-skew": lambda world: (world.write_keys("coach", KeysReason.ROTATE, sign_generation=9),),
    "role-refused": lambda world: (world.write_closure("deployment"),),
    "engagement-closed": lambda world: (world.write_contract("coach"),),
    "contract-superseded": lambda world: (world.write_contract("coach", supersedes=digest("another")),),
    "parties-refused": lambda world: (
        world.write_contract(roles={"coach": Role.COACH, "coachee": Role.COACHEE, "stranger": Role.COACH}),
    ),
    "contact-not-independent": lambda world: (world.write_contract(contacts=()),),
    "share-kind-refused": lambda world: (
        world.write_contract(origin=Origin.MANDATED, share_kinds=(ShareKind.THEMES,)),
    ),
    "seals-refused": lambda world: (world.write_item("coach", ItemKind.GOAL, sealed=("coach", "coachee", "sponsor")),),
    "not-found": lambda world: (world.write_assent("coach", digest("no contract")),),
    "already-assented": lambda world: (
        world.write_assent("coach", world.active()),
        world.write_assent("coach", world.active(), id=short("again")),
    ),
    "contract-inactive": lambda world: (world.write_item("coach", contract=digest("no contract")),),
    "author-refused": lambda world: (world.write_item("coachee", ItemKind.DRAFT),),
    "class-refused": _break_class,
    "version-taken": _break_version,
    "recipient-refused": lambda world: (world.write_disclosure("coachee", "contact"),),
    "disclosure-past": lambda world: (world.write_disclosure("coachee", expires=world.time),),
    "disclosure-ended": _break_opening,
    "already-withdrawn": _break_withdrawal,
    "request-refused": lambda world: (world.write_request(expires=world.time + 3_650 * DAY_SECONDS),),
    "budget-spent": lambda world: (world.write_request(),),
    "held": lambda world: (world.write_erasure("deployment", ENGAGEMENT, reason=ErasureReason.RETENTION),),
    "contact-refused": lambda world: (world.write_escalation(contact=short("no contact")),),
    "too-large": lambda world: (
        world.write_escalation(contact=CONTACT_ID, blob=BlobRef(sha256=digest("blob"), size=8_273)),
    ),
    "blob-shape": lambda world: (
        world.write_escalation(contact=CONTACT_ID, blob=BlobRef(sha256=digest("blob"), size=8_271)),
    ),
}


def _find_live(world: World) -> StatementId:
    live = [found.statement for found in world.engagement.disclosures.values() if found.is_live_at(world.time)]
    return live[0] if live else StatementId(digest("no disclosure"))


def _find_readable(world: World) -> bytes:
    readable = [
        item
        for item, versions in world.engagement.versions.items()
        if not versions[-1].erased and world.engagement.is_sealed_to(item, versions[-1].version, account("coachee"))
    ]
    return readable[0] if readable else short("no item")


GOOD: dict[str, Callable[[World], Statement]] = {
    "keys": lambda world: world.write_keys("stranger", KeysReason.ROTATE, seal_generation=world.count),
    "keyring": lambda world: world.write_keyring("coach"),
    "contract": lambda world: world.write_contract("coach"),
    "assent": lambda world: world.write_assent("supervisor", world.active()),
    "item": lambda world: world.write_item("coach", ItemKind.GOAL),
    "item later": lambda world: world.write_next("coachee", _find_readable(world)),
    "reseal": lambda world: world.write_reseal("coachee", _find_readable(world), ("supervisor",)),
    "disclosure": lambda world: world.write_disclosure(),
    "withdrawal": lambda world: world.write_withdrawal("coachee", _find_live(world)),
    "request": lambda world: world.write_request(),
    "opening": lambda world: world.write_opening("sponsor", _find_live(world)),
    "opening of an escalation": lambda world: world.write_opening(
        "contact", next(iter(world.escalations.escalations), digest("no escalation"))
    ),
    "escalation": lambda world: world.write_escalation(),
    "closure": lambda world: world.write_closure("coach"),
    "erasure": lambda world: world.write_erasure("coachee", _find_readable(world)),
}
