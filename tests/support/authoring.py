"""Write what people sign: any statement, of anybody, at any place of a journal. Every world of the tests stands on it.

Policy is not asked, and nothing is remembered: whoever keeps a world says what the statement stands on.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support.people import account, seed, sign_key
from vault.protocol.envelope import Statement
from vault.protocol.envelope import sign as sign_body
from vault.protocol.journal import START, Position, after_mark, seen_mark
from vault.protocol.kinds import KINDS
from vault.protocol.limits import SUITE, ZERO32
from vault.protocol.statements import Body
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import StatementType

AUDIENCE = "vault.example/log"
BodyT = TypeVar("BodyT", bound=Body)


@dataclass(frozen=True, slots=True)
class Place:
    """What a statement stands on in its journal: the signer's newest statement there, and what the signer has seen.

    Without the salt, the signer names the one plainly and says nothing of the other.
    """

    salt: bytes | None
    newest: bytes | None = None
    seen: Position = START

    def marks(self) -> dict[str, bytes | None]:
        """The members `after` and `seen`."""
        seen = None if self.salt is None else seen_mark(self.salt, self.seen.seq, self.seen.head)
        return {"after": after_mark(self.salt, self.newest), "seen": seen}


FIRST_KEYS = Place(ZERO32)
"""Where everybody begins: the keys journal has no secret, and nothing stands in it."""


def common(word: StatementType, place: Place | None, now: int) -> dict[str, Any]:
    """The members of section 3.2 but `id`, `by` and `key`; `at` is `now`, rounded where the type has it so."""
    marks = {"after": None, "seen": None} if place is None else place.marks()
    at = floor_to_day(now) if KINDS[word].whole_days else now
    return {"suite": SUITE, "type": word, "audience": AUDIENCE, "at": at, **marks}


def by(name: str, generation: int = 1) -> dict[str, bytes]:
    """The members `by` and `key` of somebody with fixed keys."""
    return {"by": account(name), "key": sign_key(name, generation).key}


def write(model: type[BodyT], place: Place | None, now: int, **members: object) -> BodyT:
    """The body; `members` are `id`, `by`, `key`, those of the type, and any of the others that shall be different.

    Raises: ValidationError where it is none of the type.
    """
    return model.model_validate({**common(model.TYPE, place, now), **members})


def sign(body: Body, *signers: str | bytes, **changes: Any) -> Statement:
    """The statement of the body with some members changed, valid or not, under people's first keys or under seeds."""
    seeds = [seed(signer) if isinstance(signer, str) else signer for signer in signers]
    return sign_body(body.model_copy(update=changes), seeds)
