"""`coach-vault search`: words in everything that you can open, looked for on this device."""

from typing import Annotated, Any

import typer

from vault.client.acts.searching import excerpt, read_words
from vault.client.cli.choices import choices_of
from vault.client.cli.columns import fit, shorten
from vault.client.cli.contracts import EngagementId
from vault.client.cli.engagements import others
from vault.client.cli.opening import opened
from vault.client.cli.speaking import one_line, say
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.items import ItemHandle
from vault.client.showing import day


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="All of them stand in it, in any case.")],
    engagement: EngagementId = None,
) -> None:
    """Find words in title, text or tags of all that you can open. Nothing leaves this device or stays on it."""
    wanted = read_words(" ".join(words))
    found: list[tuple[Engagement, ItemHandle]] = []
    with opened(context) as home:
        here = home.vault.engagements.list() if engagement is None else [home.find_engagement(engagement)]
        for one in here:
            found += [(one, item) for item in one.search(" ".join(words))]
    digits = shorten(item.id for _, item in found)
    lines: list[str] = []
    rows: list[dict[str, Any]] = []
    for one, item in found:
        text = excerpt(item.body, wanted)
        lines.append(fit(f"{digits[item.id]}  {day(item.created)}  {item.kind:10}  ", one_line(item.title)))
        lines.append(fit("    ", others(one)))
        lines.append(fit("    ", one_line(text)))
        rows.append(
            {
                "engagement": one.id,
                "item": item.id,
                "kind": item.kind,
                "title": item.title,
                "created": item.created,
                "excerpt": text,
            }
        )
    say(choices_of(context), lines or "nothing was found", {"data": rows})
