"""Vectors of identity: keys, ids, safety numbers, typed codes, invalid keys, signatures."""

import hashlib
from itertools import pairwise

import nacl.bindings as sodium

from tests.vectors.chance import chance
from tests.vectors.people import COACH, COACHEE, NAMES, SPONSOR, person
from tests.vectors.spelling import Vector
from vault import ed25519
from vault.client.device.codes import INVITATION, KIT, RECOVERY, Prefix, TypedCode, write_code
from vault.client.device.invitation import invitation_mac
from vault.client.device.safety_number import safety_number
from vault.encoding import write_base64

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
# Points of order 1, 2, 4 and 8: the Edwards y of each; and the u of the same on the Montgomery curve, with 0 and 1.
ORDER_8_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
LOW_ORDER_U = (
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)


def build_people() -> Vector:
    """Seeds, public keys, key ids and accounts."""
    return {
        "people": [
            {
                "name": name,
                "account": person(name).account.hex(),
                "generations": [
                    {
                        "sign_seed": keys.sign_seed.hex(),
                        "sign_public": write_base64(keys.sign_public),
                        "sign_key": keys.sign_key.hex(),
                        "seal_seed": keys.seal_seed.hex(),
                        "seal_public": write_base64(keys.seal_public),
                        "seal_key": keys.seal_key.hex(),
                    }
                    for keys in person(name).generations
                ],
            }
            for name in NAMES
        ],
        "safety_numbers": [_safety_number(one, other) for one, other in pairwise((COACH, COACHEE, SPONSOR, COACH))],
        "invitations": [
            {
                "secret": chance("invitation", 16).hex(),
                "to": person(COACH).account.hex(),
                "by": person(COACHEE).account.hex(),
                "mac": invitation_mac(chance("invitation", 16), person(COACH).account, person(COACHEE).account).hex(),
            }
        ],
    }


def _safety_number(one: str, other: str) -> Vector:
    left, right = person(one), person(other)
    number = safety_number(left.account, left.keys.sign_public, right.account, right.keys.sign_public)
    return {
        "one": one,
        "other": other,
        "digits": number.digits,
        "word_indices": [int(group) % 2048 for group in number.groups],
        "words": list(number.words),
        "qr_text": number.qr_text,
    }


def build_codes() -> Vector:
    """Typed codes as they are written, as people type them, and as they must not be read."""
    codes = {
        "kit": TypedCode(KIT, person(COACH).account, chance("kit", 32)),
        "recovery": TypedCode(RECOVERY, person(COACH).account, chance("recovery", 32)),
        "invitation": TypedCode(INVITATION, person(COACH).account, chance("invitation", 16)),
        "zeros": TypedCode(KIT, bytes(32), bytes(32)),
        "ones": TypedCode(RECOVERY, b"\xff" * 32, b"\xff" * 32),
        "check symbol is a letter beyond Z": TypedCode(INVITATION, bytes(31) + bytes([36]), bytes(15) + bytes([33])),
    }
    positive = []
    for name, code in codes.items():
        text = write_code(code)
        typed = [text, text.lower(), text.replace("-", " "), text.replace("-", ""), _misread(text)]
        positive.append(
            {
                "name": name,
                "prefix": code.prefix,
                "account": code.account.hex(),
                "secret": code.secret.hex(),
                "text": text,
                "typed": typed,
            }
        )
    kit, spare = write_code(codes["kit"]), write_code(codes["invitation"])
    flipped = kit[:20] + ("0" if kit[20] != "0" else "1") + kit[21:]
    refused: dict[str, tuple[Prefix, str]] = {
        "nothing": (KIT, ""),
        "another kind": (RECOVERY, kit),
        "no prefix": (KIT, kit.removeprefix("CVKIT-")),
        "one symbol wrong": (KIT, flipped),
        "one symbol short": (KIT, kit[:-1]),
        "one symbol more": (KIT, kit + "0"),
        "wrong check symbol": (KIT, kit[:-1] + ("0" if kit[-1] != "0" else "1")),
        "two symbols exchanged": (KIT, kit[:6] + kit[7] + kit[6] + kit[8:]),
        "U inside": (KIT, kit[:6] + "U" + kit[7:]),
        "a sign inside": (KIT, kit[:6] + "*" + kit[7:]),
        "spare bits set": (INVITATION, spare[:-2] + _next_symbol(spare[-2]) + spare[-1]),
        "account alone": (KIT, kit[: kit.rindex("-", 0, 80)]),
    }
    return {
        "codes": positive,
        "refused": [
            {"name": name, "prefix": prefix, "text": text, "error": "CodeError"}
            for name, (prefix, text) in refused.items()
        ],
    }


def _misread(text: str) -> str:
    return "\u2013 ".join(text.replace("0", "O").replace("1", "l").split("-"))


def _next_symbol(symbol: str) -> str:
    symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return symbols[symbols.index(symbol) + 1]


def build_keys_refused() -> Vector:
    """Public keys that nobody may use."""
    sign, seal = person(COACH).keys.sign_public, person(COACH).keys.seal_public
    order_8 = ORDER_8_Y.to_bytes(32, "little")
    signs = {
        "identity": (1).to_bytes(32, "little"),
        "order 2": (P - 1).to_bytes(32, "little"),
        "order 4": bytes(32),
        "order 8": order_8,
        "order 8, not canonical sign": (ORDER_8_Y | 1 << 255).to_bytes(32, "little"),
        "identity, not canonical": (P + 1).to_bytes(32, "little"),
        "order 4, not canonical": P.to_bytes(32, "little"),
        "mixed order 2": sodium.crypto_core_ed25519_add(sign, (P - 1).to_bytes(32, "little")),
        "mixed order 8": sodium.crypto_core_ed25519_add(sign, order_8),
        "not on the curve": (2).to_bytes(32, "little"),
        "31 bytes": sign[:31],
    }
    montgomery = {f"X25519 of low order, u = {u % 1000}": u.to_bytes(32, "little") for u in LOW_ORDER_U}
    montgomery |= {
        "X25519 not canonical, p": P.to_bytes(32, "little"),
        "X25519 not canonical, p + 1": (P + 1).to_bytes(32, "little"),
        "X25519 of mixed order 2": _x25519_of(signs["mixed order 2"]),
        "X25519 of mixed order 8": _x25519_of(signs["mixed order 8"]),
        "X25519 on the twist": (2).to_bytes(32, "little"),
        "X25519 with bit 255": bytes([*seal[1184:1215], seal[1215] | 128]),
    }
    seals = {name: seal[:1184] + u for name, u in montgomery.items()}
    seals["ML-KEM coefficient 0 is 3329"] = bytes([3329 & 255, seal[1] & 0xF0 | 3329 >> 8]) + seal[2:]
    seals["ML-KEM coefficient 1 is 4095"] = seal[:1] + bytes([seal[1] & 15 | 0xF0, 0xFF]) + seal[3:]
    seals["1215 bytes"] = seal[:1215]
    return {
        "refused": [
            {"name": name, "algorithm": algorithm, "public": write_base64(public), "error": "InvalidKeyError"}
            for algorithm, publics in ((1, signs), (2, seals))
            for name, public in publics.items()
        ]
    }


def _x25519_of(edwards: bytes) -> bytes:
    y = int.from_bytes(edwards, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def build_signatures() -> Vector:
    """Signatures that libraries disagree about, and plain forgeries; each is refused."""
    keys = person(COACH).keys
    message = b"DSSEv1 1 x 1 y"
    good = ed25519.sign(keys.sign_seed, message)
    identity = (1).to_bytes(32, "little")
    scalar = int.from_bytes(hashlib.sha512(keys.sign_seed).digest()[:32], "little")
    scalar = scalar & ~7 & (1 << 254) - 1 | 1 << 254
    challenge = int.from_bytes(hashlib.sha512(identity + keys.sign_public + message).digest(), "little") % L
    large_s = int.from_bytes(good[32:], "little") + L
    cases = {
        "R is the identity, the equation holds": (
            keys.sign_public,
            identity + (challenge * scalar % L).to_bytes(32, "little"),
        ),
        "public key and R are the identity, S is 0": (identity, identity + bytes(32)),
        "S is not below the order": (keys.sign_public, good[:32] + large_s.to_bytes(32, "little")),
        "R is not canonical": (keys.sign_public, (P + 1).to_bytes(32, "little") + good[32:]),
        "another key": (person(COACHEE).keys.sign_public, good),
        "one bit of S": (keys.sign_public, good[:40] + bytes([good[40] ^ 1]) + good[41:]),
        "one bit of R": (keys.sign_public, bytes([good[0] ^ 1]) + good[1:]),
        "63 bytes": (keys.sign_public, good[:63]),
    }
    return {
        "accepted": [
            {
                "public": write_base64(keys.sign_public),
                "message": message.hex(),
                "sig": write_base64(good),
            }
        ],
        "refused": [
            {
                "name": name,
                "public": write_base64(public),
                "message": message.hex(),
                "sig": write_base64(signature),
                "error": "SignatureError",
            }
            for name, (public, signature) in cases.items()
        ],
    }
