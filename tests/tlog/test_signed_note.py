"""Signed notes: the examples of C2SP signed-note byte for byte, and everything that is not quite one."""

from hashlib import sha256

import pytest

from tests.tlog.examples import NOTE, NOTE_KEY, NOTE_WITH_EMPTY_LINES
from tests.tlog.signers import ORIGIN, log_key, note_signature, seed, witness_key
from vault import ed25519
from vault.encoding import write_base64
from vault.errors import SignatureError
from vault.tlog.errors import NoteError
from vault.tlog.signed_note import (
    NOTE_MAXIMUM_BYTES,
    Note,
    NoteSignature,
    SignatureType,
    VerifierKey,
    parse_signatures,
    print_signatures,
    require_key_name,
    verify_note,
)

LINE = f"\u2014 {ORIGIN} {write_base64(b'k' * 4 + b's' * 64)}\n"


def test_the_example_verifies_under_its_key() -> None:
    key = VerifierKey.parse(NOTE_KEY)
    assert (key.name, key.kind, key.id.hex()) == ("example.com/foo", SignatureType.ED25519, "530d903a")
    assert key.to_text() == NOTE_KEY
    note = Note.parse(NOTE)
    verify_note(note, [key])
    assert note.text == "This is an example message.\n"
    assert note.to_bytes() == NOTE


def test_the_example_with_empty_lines_ends_at_the_last_one() -> None:
    note = Note.parse(NOTE_WITH_EMPTY_LINES)
    assert note.text.endswith("raggio di sole:\n\ned è subito sera.\n")
    assert [one.name for one in note.signatures] == ["quasimodo.example/salvatore"]
    assert note.to_bytes() == NOTE_WITH_EMPTY_LINES


def test_every_changed_byte_of_the_example_is_noticed() -> None:
    key = VerifierKey.parse(NOTE_KEY)
    for place in range(len(NOTE)):
        changed = NOTE[:place] + bytes([NOTE[place] ^ 1]) + NOTE[place + 1 :]
        with pytest.raises((NoteError, SignatureError)):
            verify_note(Note.parse(changed), [key])


def test_a_signature_is_these_bytes() -> None:
    public = ed25519.public_key(seed(ORIGIN))
    signature = note_signature("text\n", ORIGIN, seed(ORIGIN))
    assert signature.key_id == sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4] == log_key().id
    ed25519.verify(public, b"text\n", signature.signature)
    assert witness_key(ORIGIN).id == sha256(ORIGIN.encode() + b"\n\x04" + public).digest()[:4]
    assert signature.to_text() == f"\u2014 {ORIGIN} {write_base64(signature.key_id + signature.signature)}"


def test_one_known_signature_is_enough_and_unknown_ones_are_kept_and_ignored() -> None:
    known = note_signature("text\n", ORIGIN, seed(ORIGIN))
    strangers = (
        note_signature("text\n", "other.example", seed("other")),
        note_signature("text\n", ORIGIN, seed("same name, other key")),
        NoteSignature("other.example", known.key_id, b"same id, other name"),
        NoteSignature(ORIGIN, b"\xff\0\0\0", b"x" * 2_420),
    )
    note = Note("text\n", strangers).with_signatures(known)
    verify_note(note, [log_key(), log_key("absent.example")])
    assert Note.parse(note.to_bytes()) == note
    for keys in ([], [log_key("absent.example")]):
        with pytest.raises(SignatureError):
            verify_note(note, keys)
    with pytest.raises(SignatureError):
        verify_note(Note("text\n", strangers), [log_key()])


@pytest.mark.parametrize("signature", [b"s", b"s" * 63, b"s" * 64, b"s" * 65, bytes(64)])
def test_one_wrong_signature_in_a_known_name_condemns_the_note(signature: bytes) -> None:
    known = note_signature("text\n", ORIGIN, seed(ORIGIN))
    wrong = NoteSignature(ORIGIN, known.key_id, signature)
    for signatures in ((wrong,), (wrong, known), (known, wrong)):
        with pytest.raises(SignatureError):
            verify_note(Note("text\n", signatures), [log_key()])


def test_a_key_of_a_witness_does_not_verify_notes() -> None:
    note = Note("text\n", (note_signature("text\n", ORIGIN, seed(ORIGIN)),))
    with pytest.raises(SignatureError):
        verify_note(note, [witness_key(ORIGIN)])


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\n", b"\n\n", b"text", b"text\n", b"text\n\n", b"text\n\n\n", LINE.encode()),
        *(f"text\n{LINE}".encode(), f"text\n\n{LINE}"[:-1].encode(), f"text\n\n{LINE}\n".encode()),
        *(f"text\n\n{LINE}more\n".encode(), f"text\r\n\r\n{LINE}".encode(), f"te\0xt\n\n{LINE}".encode()),
        *(f"te\txt\n\n{LINE}".encode(), f"te\x1fxt\n\n{LINE}".encode(), b"te\xffxt\n\n" + LINE.encode()),
        *(b"te\xed\xa0\x80xt\n\n" + LINE.encode(), f"text\n\n{LINE}{LINE}".replace("\n\u2014", "\n\n-").encode()),
        f"text\n\n{LINE.replace(chr(0x2014), '-')}".encode(),
        f"text\n\n{LINE.replace(chr(0x2014), chr(0x2013))}".encode(),
        f"text\n\n{LINE.replace(' ', '  ')}".encode(),
        f"text\n\n{LINE.replace(' ', chr(0xA0))}".encode(),
        f"text\n\n{LINE.replace('=', '')}".encode(),
        f"text\n\n{LINE.replace(ORIGIN, 'a+b')}".encode(),
        f"text\n\n{LINE.replace(ORIGIN, '')}".encode(),
        f"text\n\n{LINE.replace(ORIGIN, 'a' + chr(0x2003) + 'b')}".encode(),
        f"text\n\n\u2014 {ORIGIN} {write_base64(b'k' * 4)}\n".encode(),
        f"text\n\n\u2014 {ORIGIN}\n".encode(),
        f"text\n\n\u2014 {ORIGIN} a2tra3M= \n".encode(),
        f"text\n\n\u2014 {ORIGIN} a2tra3N=\n".encode(),
    ],
)
def test_bytes_that_are_no_note_are_refused(raw: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(raw)


def test_any_text_with_a_signature_is_a_note() -> None:
    for text in ("\n", "a\n", "\n\n", "\u2014 a b\n", "a\n\n\n", "\u2028 \x7f +\n"):
        raw = f"{text}\n{LINE}".encode()
        assert Note.parse(raw).text == text
        assert Note.parse(raw).to_bytes() == raw


def test_notes_are_bounded_in_size_and_signatures() -> None:
    assert len(Note.parse(f"text\n\n{LINE * 64}".encode()).signatures) == 64
    with pytest.raises(NoteError):
        Note.parse(f"text\n\n{LINE * 65}".encode())
    largest = f"{'x' * (NOTE_MAXIMUM_BYTES - len(LINE.encode()) - 2)}\n\n{LINE}".encode()
    assert Note.parse(largest).to_bytes() == largest
    with pytest.raises(NoteError):
        Note.parse(b"x" + largest)


def test_signature_lines_are_read_by_themselves_too() -> None:
    assert print_signatures(parse_signatures(LINE * 2)) == LINE * 2
    for text in ("", "\n", LINE[:-1], f"\n{LINE}", f"{LINE}\n", f"{LINE}x"):
        with pytest.raises(NoteError):
            parse_signatures(text)


def test_a_name_has_no_space_and_no_plus() -> None:
    for name in ("a", "example.com/log42", "ü.example", "a\u200bb", "\x7f"):
        assert require_key_name(name) == name
    for name in (
        "",
        " ",
        "a b",
        "a+b",
        "a\n",
        "\ta",
        "a\x00",
        "a\x1b",
        "a\u00a0b",
        "a\u0085",
        "a\u2028",
        "a\u3000",
        "a\u1680",
    ):
        with pytest.raises(NoteError):
            require_key_name(name)


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "++", "example.com/foo", "example.com/foo+530d903a", NOTE_KEY[:-1], f"{NOTE_KEY}=", f" {NOTE_KEY}"),
        *(NOTE_KEY.upper(), NOTE_KEY.replace("530d903a", "530D903A"), NOTE_KEY.replace("530d903a", "530d903b")),
        *(NOTE_KEY.replace("530d903a", "0530d903a"), NOTE_KEY.replace("foo", "fo+o"), NOTE_KEY.replace("foo", "bar")),
        *(NOTE_KEY.replace("+Aeky", "+BOky"), NOTE_KEY.replace("+Aeky", "+Aukx"), f"{NOTE_KEY}\n"),
        "example.com/foo+00000000+" + write_base64(b"\x01" + bytes(32)),
        "example.com/foo+00000000+" + write_base64(b"\x06" + bytes(1_312)),
        "example.com/foo+00000000+" + write_base64(b"\x02" + ed25519.public_key(seed(ORIGIN))),
    ],
)
def test_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


def test_a_key_is_a_point_of_prime_order() -> None:
    for public in (b"", bytes(31), bytes(32), b"\x01" + bytes(31), b"\xff" * 32):
        with pytest.raises(NoteError):
            VerifierKey(ORIGIN, SignatureType.ED25519, public)
