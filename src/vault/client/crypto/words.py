"""The 2,048 English words of BIP-39, in their order."""

from functools import cache

from mnemonic import Mnemonic


@cache
def english_words() -> tuple[str, ...]:
    """The list; index 0 is "abandon"."""
    return tuple(Mnemonic("english").wordlist)
