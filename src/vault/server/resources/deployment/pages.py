"""The pages that explain a problem to a person who followed its `type`."""

from html import escape

from vault.protocol.api import ProblemPage, ProblemPages
from vault.protocol.problems import PROBLEMS, Problem

_FRAME = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<main>
{content}
</main>
</html>
"""


def problem_page(problem: Problem) -> ProblemPage:
    """One problem as JSON tells it."""
    return ProblemPage(code=problem.code, status=problem.status, title=problem.title, what_to_do=problem.what_to_do)


def problem_pages() -> ProblemPages:
    """All problems, in the order of their statuses."""
    return ProblemPages(data=tuple(problem_page(problem) for problem in PROBLEMS.values()))


def problem_html(problem: Problem) -> str:
    """One problem as a page."""
    content = (
        f"<h1>{escape(problem.title)}</h1>\n<p><code>{escape(problem.code)}</code>, status {problem.status}</p>\n"
        f'<p>{escape(problem.what_to_do)}</p>\n<p><a href="/problems">All problems</a></p>'
    )
    return _FRAME.format(title=escape(problem.title), content=content)


def problems_html() -> str:
    """All problems as a page."""
    rows = "\n".join(
        f'<dt><a href="/problems/{escape(problem.code)}">{escape(problem.code)}</a> ({problem.status})</dt>'
        f"<dd>{escape(problem.title)}. {escape(problem.what_to_do)}</dd>"
        for problem in PROBLEMS.values()
    )
    return _FRAME.format(title="Problems", content=f"<h1>Problems</h1>\n<dl>\n{rows}\n</dl>")
