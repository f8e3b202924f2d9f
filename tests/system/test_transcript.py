"""Nothing that a person types, and no secret of a device, stands in a request: all bytes that leave are searched."""

import base64
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.transports import LosesAnswers
from tests.system.worlds import PASSPHRASE, World, leaving, three_people
from vault.client import AsyncVault

TITLE, TEXT, TAG = "Zitronenfalter am Dienstag", "Sie möchte in Sitzungen lauter sprechen.", "kolibri"


def spellings(secret: bytes) -> list[bytes]:
    """How bytes may stand in a request: as they are, hex, base64 at each offset, for a URL, in UTF-16."""
    found = [secret, secret.hex().encode(), secret[::-1]]
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + secret)
        found += [text[4 if lead else 0 : -4], text[4 if lead else 0 : -4].replace(b"+", b"-").replace(b"/", b"_")]
    with suppress(UnicodeDecodeError):
        found += [quote(secret.decode()).encode(), secret.decode().encode("utf-16-le")]
    return [one for one in found if len(one) >= 6]


def secrets_of(vault: AsyncVault) -> list[bytes]:
    """Every secret of an open vault."""
    session = vault._session
    found = [seed for keys in session.identity.generations.values() for seed in (keys.sign_seed, keys.seal_seed)]
    keyring = session.identity.keyring
    assert keyring is not None
    found += [keyring.key, session.identity.kit or b"", session.identity.recovery or b"", PASSPHRASE.encode()]
    found += [person.name.encode() for person in session.identity.people.values()]
    found += list(session.memory.stretched.values())
    return [one for one in found if one]


@pytest.mark.slow
async def test_no_text_no_name_and_no_secret_leaves_a_device_in_the_clear(
    deployment: Deployment, tmp_path: Path
) -> None:
    made: list[LosesAnswers] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(LosesAnswers(inner))
        return made[-1]

    world = World(deployment, tmp_path / "people", wrap)
    async with leaving(world):
        three = await three_people(world)
        note = await three.at_lenas.notes.add(TEXT, title=TITLE, tags=[TAG])
        await note.edit(TEXT + " Mehr.")
        await three.at_lenas.drafts.add(TEXT, title=TITLE)
        summary = await three.at_mareks.summaries.add(TEXT, title=TITLE)
        disclosure = await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
        [received] = await three.ana.inbox()
        await received.open()
        await disclosure.withdraw()
        await three.marek.rotate()
        secrets = [TITLE.encode(), TEXT.encode(), TAG.encode(), b"We meet every second week."]
        for vault in (three.lena, three.marek, three.ana, three.ombuds):
            await vault.store()
            secrets += secrets_of(vault)
    sent = b"\n".join(path.encode() + b" " + body for transport in made for _method, path, body in transport.sent)
    assert len(sent) > 100_000
    assert not [secret for secret in secrets for spelling in spellings(secret) if spelling in sent]
    planted = sent + b" ".join(spellings(TEXT.encode()))  # the search can find
    assert all(spelling in planted for spelling in spellings(TEXT.encode()))
