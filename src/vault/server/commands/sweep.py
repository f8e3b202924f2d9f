"""Take away content that nothing names, now: what a running server does by itself every minute."""

import asyncio
from pathlib import Path

from vault.server.commands.output import AsJson, DataFolder, say
from vault.server.opening import open_folder
from vault.server.resources.attachments.actions import sweep as sweep_attachments
from vault.server.storage.schema import require_head


def sweep(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Take away uploads that no item has named for 24 hours, and content that was erased."""
    context = open_folder(data)
    try:
        require_head(context.storage)
        swept = asyncio.run(sweep_attachments(context))
    finally:
        context.storage.close()
    members = {"uploads": swept.uploads, "parts": swept.parts}
    say(f"{swept.uploads} uploads ended; {swept.parts} parts of content taken away", members, as_json)
