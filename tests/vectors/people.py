"""The people of the vectors: seeds that everybody may know, so nobody may use them for anything real."""

from dataclasses import dataclass
from functools import cache

from tests.vectors.chance import chance
from vault.client.crypto.identity import SecretKeys
from vault.protocol.ids import Account, account_id

COACH, COACHEE, SPONSOR, SUPERVISOR, CONTACT, DEPLOYMENT = "lena", "marek", "ana", "olga", "otto", "deployment"
NAMES = (COACH, COACHEE, SPONSOR, SUPERVISOR, CONTACT, DEPLOYMENT)


@dataclass(frozen=True)
class Someone:
    """A person of the story."""

    name: str
    account: Account
    generations: tuple[SecretKeys, ...]

    @property
    def keys(self) -> SecretKeys:
        """The first generation, with which everything in the engagement is signed."""
        return self.generations[0]


@cache
def person(name: str) -> Someone:
    """The person of that name; the supervisor has a second generation, of which only the sign key is new."""
    first = SecretKeys(chance(f"{name} sign 1", 32), chance(f"{name} seal 1", 32))
    generations: tuple[SecretKeys, ...] = (first,)
    if name == SUPERVISOR:
        generations = (first, SecretKeys(chance(f"{name} sign 2", 32), first.seal_seed))
    return Someone(name, account_id(first.sign_public), generations)
