"""Find every comment and call that makes a check look away: each has to be explained in silencers.toml."""

import io
import re
import tokenize
from collections import Counter
from pathlib import Path

COMMENTS = re.compile(
    r"#\s*((?:type|mypy|pyright)\s*:\s*\w[\w-]*(?:\[[^\]]*\])?"
    r"|(?:ruff\s*:\s*|flake8\s*:\s*)?noqa\b(?:\s*:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?"
    r"|pragma\s*:\s*no\s+\w+|nosec\b)"
)
SKIPS = re.compile(r"\bpytest\s*\.\s*(?:mark\s*\.\s*)?(skip|skipif|xfail|importorskip)\b")


def find_silencers(source: str) -> list[str]:
    """The silencers of a module, as they are written: those in comments first, then the calls."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    # Strings may speak of skips; code that skips is made of names.
    code = " ".join(token.string for token in tokens if token.type in {tokenize.NAME, tokenize.OP}).replace("@", "\n")
    found = [match.group(1) for comment in comments for match in COMMENTS.finditer(comment)]
    found += [f"pytest.{name}" for name in SKIPS.findall(code)]
    return [" ".join(silencer.split()) for silencer in found]


def count_silencers(paths: list[Path], root: Path) -> Counter[tuple[str, str]]:
    """(file, silencer) -> how often."""
    return Counter(
        (path.relative_to(root).as_posix(), silencer)
        for path in paths
        for silencer in find_silencers(path.read_text(encoding="utf-8"))
    )
