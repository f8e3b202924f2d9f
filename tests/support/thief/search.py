"""Find lines in bytes, in every spelling at once, in one pass.

Every spelling of every line is filed under its first 12 bytes; each 12 bytes of a place are looked up there, and what
is found is compared whole. The time depends on the size of the places, hardly on the number of lines.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tests.support.thief.lines import SHORTEST_CHARACTERS, Line, cut
from tests.support.thief.spellings import SPELLINGS

HEAD_BYTES = SHORTEST_CHARACTERS
PIECES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thief looks: a name for people, and all its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A line that stands in a place: the number of the line, its spelling, and where."""

    place: str
    line: int
    spelling: str
    offset: int


def search(
    places: Iterable[Place], lines: Sequence[Line], spellings: Mapping[str, Callable[[Line], bytes]] = SPELLINGS
) -> list[Found]:
    """Everything that is found; a spelling that equals another one is reported under the first name."""
    places = list(places)
    found: list[Found] = []
    pieces = cut(lines)
    while batch := list(islice(pieces, PIECES_AT_ONCE)):
        index = _file(batch, spellings)
        for place in places:
            found += _scan(place, index)
    return found


_Index = dict[bytes, list[tuple[bytes, int, str]]]


def _file(pieces: Iterable[tuple[int, Line]], spellings: Mapping[str, Callable[[Line], bytes]]) -> _Index:
    index: _Index = {}
    for number, line in pieces:
        spelled: dict[bytes, str] = {}
        for name, spell in spellings.items():
            spelled.setdefault(spell(line), name)
        for form, name in spelled.items():
            index.setdefault(form[:HEAD_BYTES], []).append((form, number, name))
    return index


def _scan(place: Place, index: _Index) -> Iterator[Found]:
    content = place.content
    ends = range(HEAD_BYTES, len(content) + 1)
    for start in [end - HEAD_BYTES for end in ends if content[end - HEAD_BYTES : end] in index]:
        for form, number, spelling in index[content[start : start + HEAD_BYTES]]:
            if content.startswith(form, start):
                yield Found(place.name, number, spelling, start)
