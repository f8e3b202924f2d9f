"""Seals: bound to everything around them, one for one recipient, and opened by its key alone."""

from dataclasses import replace
from itertools import product

import pytest

from tests.vectors.chance import chance
from tests.vectors.people import COACH, COACHEE, SPONSOR, person
from vault.client.crypto.identity import new_secret_keys
from vault.client.crypto.opening import open_content_key
from vault.client.crypto.sealing import seal_content_key
from vault.client.errors import SealContextError
from vault.errors import InvalidKeyError
from vault.protocol.blob import BlobContext
from vault.protocol.seal import SealContext, require_seal_shape
from vault.protocol.vocabulary import BlobKind, SealPurpose


def contexts() -> list[SealContext]:
    """Two of each: engagements, items, versions, purposes, recipients."""
    made = []
    for engagement, item, version, purpose, name in product(
        ("e1", "e2"), ("i1", "i2"), (1, 2), (SealPurpose.ITEM, SealPurpose.DISCLOSURE), (COACHEE, SPONSOR)
    ):
        blob = BlobContext(
            BlobKind.NOTE,
            chance(engagement, 16),
            chance("contract", 32),
            chance(item, 16),
            version,
            person(COACH).account,
            bytes(32),
        )
        recipient = person(name)
        made.append(
            SealContext(
                purpose, blob, person(COACH).account, recipient.account, recipient.keys.seal_key, chance("blob", 32)
            )
        )
    return made


def test_no_seal_opens_in_the_place_of_another() -> None:
    keys = {bytes(person(name).account): person(name).keys for name in (COACHEE, SPONSOR)}
    seals = [
        (context, seal_content_key(chance(context.info.hex(), 32), context, keys[context.recipient].seal_public))
        for context in contexts()
    ]
    for made_for, seal in seals:
        require_seal_shape(seal)
        for context, _ in seals:
            if context == made_for:
                assert open_content_key(seal, context, keys[context.recipient]) == chance(context.info.hex(), 32)
            else:
                with pytest.raises(SealContextError):
                    open_content_key(seal, context, keys[context.recipient])


def test_a_key_registered_by_somebody_else_opens_nothing() -> None:
    """Mallory names the coachee's seal key as her own; the seal made for her is delivered to the coachee."""
    context = contexts()[0]
    for_mallory = replace(context, recipient=chance("mallory", 32))
    seal = seal_content_key(bytes(32), for_mallory, person(COACHEE).keys.seal_public)
    with pytest.raises(SealContextError):
        open_content_key(seal, context, person(COACHEE).keys)


def test_a_seal_under_another_sender_does_not_open() -> None:
    context = contexts()[0]
    seal = seal_content_key(bytes(32), context, person(COACHEE).keys.seal_public)
    with pytest.raises(SealContextError):
        open_content_key(seal, replace(context, sender=chance("mallory", 32)), person(COACHEE).keys)


def test_a_content_key_has_32_bytes() -> None:
    context = contexts()[0]
    seal = seal_content_key(bytes(32), context, person(COACHEE).keys.seal_public)
    assert len(seal) == 1_168
    short = seal_content_key(bytes(31), context, person(COACHEE).keys.seal_public)
    with pytest.raises(SealContextError):
        open_content_key(short, context, person(COACHEE).keys)


def test_nothing_is_sealed_to_an_invalid_key() -> None:
    context = contexts()[0]
    public = person(COACHEE).keys.seal_public
    with pytest.raises(InvalidKeyError):
        seal_content_key(bytes(32), context, public[:1184] + bytes(32))


def test_public_halves_follow_from_the_seeds_and_secrets_do_not_show() -> None:
    keys = new_secret_keys(lambda size: chance("seed", size))
    assert keys.sign_seed.hex() not in repr(keys)
    assert repr(keys.sign_seed) not in repr(keys)
    again = type(keys)(keys.sign_seed, keys.seal_seed)
    assert (again.sign_public, again.seal_public) == (keys.sign_public, keys.seal_public)
    assert keys == again
