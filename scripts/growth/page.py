"""Where the tables stand in a page: between `<!-- table: NAME -->` and `<!-- end -->`."""

import re

from scripts.growth.tables import render_tables

_PLACE = re.compile(r"(<!-- table: ([a-z ]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def list_places(page: str) -> list[str]:
    """The names of the tables that the page has, in their order."""
    return [match[2] for match in _PLACE.finditer(page)]


def write_tables(page: str) -> str:
    """The page with its tables as they are reckoned now. Raises: KeyError for a name that no table has."""
    tables = render_tables()
    return _PLACE.sub(lambda match: f"{match[1]}\n{tables[match[2]]}\n{match[3]}", page)
