"""The keyrings of the coach with their slots, and what each was derived from."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache

from tests.support.authoring import AUDIENCE
from tests.vectors.chance import chance
from tests.vectors.log_vectors import LOG_KEY, empty_checkpoint
from tests.vectors.people import COACH, SPONSOR, person
from tests.vectors.story import ENGAGEMENT, ENGAGEMENT_SALT, KEYRING_SALT, URL
from vault.client.crypto.slots import NewSlot, passphrase_ikm, wrap_keyring_key
from vault.client.device.keyring import (
    EngagementSalt,
    Generation,
    Invitation,
    KeyringContent,
    KnownDeployment,
    Person,
    PersonState,
    Pin,
    Source,
    seal_keyring,
)
from vault.protocol.slot import MEMORY_MINIMUM_KIB, SlotHeader
from vault.protocol.vocabulary import (
    SLOT_PASSPHRASE,
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
    JournalKind,
)

PASSPHRASE = "crazy debris camp indicate lift trap soon umbrella"
# Another spelling of the same NFKC text as "Å ½ ﬁ": composed, compatibility characters, a ligature.
ODD_PASSPHRASE = "A\u030a \u00bd \ufb01"
KIT = chance("kit", 32)
RECOVERY = chance("recovery", 32)


@dataclass(frozen=True)
class MadeSlot:
    """A slot beside what it was derived from."""

    header: SlotHeader
    ikm: bytes
    passphrase: str | None
    kit: bytes | None
    new: NewSlot


@dataclass(frozen=True)
class MadeKeyring:
    """A keyring beside its key, its content and its slots."""

    sequence: int
    key: bytes
    salt: bytes
    content: KeyringContent
    raw: bytes
    slots: tuple[MadeSlot, ...]


def make_slot(kind: int, sequence: int, key: bytes, keyring: bytes, passphrase: str = PASSPHRASE) -> MadeSlot:
    """A slot with the smallest allowed memory, so that vectors stay quick."""
    keyring_sha256 = hashlib.sha256(keyring).digest()
    header = SlotHeader.new(kind, person(COACH).account, chance(f"slot {kind} of {sequence}", 16))
    if kind == SLOT_RECOVERY_CODE:
        return MadeSlot(header, RECOVERY, None, None, wrap_keyring_key(header, RECOVERY, key, keyring_sha256))
    header = replace(header, memory_kib=MEMORY_MINIMUM_KIB)
    kit = KIT if kind == SLOT_PASSPHRASE_KIT else None
    ikm = passphrase_ikm(header, passphrase, kit)
    return MadeSlot(header, ikm, passphrase, kit, wrap_keyring_key(header, ikm, key, keyring_sha256))


def keyring_content(full: bool) -> KeyringContent:
    """The content of the second keyring, or of the first, which knows nobody yet."""
    coach = person(COACH)
    return KeyringContent(
        account=coach.account,
        generations=(Generation(generation=1, sign=coach.keys.sign_seed, seal=coach.keys.seal_seed),),
        salt=KEYRING_SALT,
        engagements=(EngagementSalt(engagement=ENGAGEMENT, salt=ENGAGEMENT_SALT),) if full else (),
        pins=(Pin(kind=JournalKind.ENGAGEMENT, subject=ENGAGEMENT.hex(), seq=3, head=chance("pin", 32)),)
        if full
        else (),
        people=(
            Person(
                account=person(SPONSOR).account,
                name="Ana Ćosić",
                state=PersonState.VERIFIED,
                key=person(SPONSOR).keys.sign_key,
            ),
        )
        if full
        else (),
        invitations=(Invitation(name="Marek", secret=chance("invitation", 16)),) if full else (),
        sources=(Source(disclosure=chance("a disclosure", 32), item=chance("a summary", 16), version=1),)
        if full
        else (),
        deployment=KnownDeployment(
            audience=AUDIENCE,
            url=URL,
            account=None,
            sign=None,
            log=LOG_KEY.to_text() if full else None,
            checkpoint=empty_checkpoint().to_bytes().decode() if full else None,
        ),
        recovery=RECOVERY if full else None,
        kit=KIT if full else None,
    )


@cache
def make_keyrings() -> tuple[MadeKeyring, ...]:
    """Sequence 1 with a passphrase alone, sequence 2 with all three kinds of slots."""
    made = []
    for sequence, kinds in ((1, (SLOT_PASSPHRASE,)), (2, (SLOT_PASSPHRASE, SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE))):
        key, salt = chance(f"keyring key {sequence}", 32), chance(f"keyring {sequence}", 24)
        content = keyring_content(full=sequence > 1)
        raw = seal_keyring(content, person(COACH).account, sequence, key, salt)
        passphrase = ODD_PASSPHRASE if sequence == 1 else PASSPHRASE
        slots = tuple(make_slot(kind, sequence, key, raw, passphrase) for kind in kinds)
        made.append(MadeKeyring(sequence, key, salt, content, raw, slots))
    return tuple(made)
