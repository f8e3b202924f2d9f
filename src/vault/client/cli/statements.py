"""`coach-vault statement`: sign, look into and verify single statements, for people who build clients themselves."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.cli.choices import choices_of
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.receipts import verify_receipt_of
from vault.client.cli.speaking import hand_over, say
from vault.client.errors import UsageError, VerificationError
from vault.client.outbox.signing import sign_members
from vault.client.reading.keys_of import fetch_keys
from vault.encoding import read_base64, read_hex
from vault.errors import EncodingError, FormatError, SignatureError
from vault.protocol.envelope import Envelope, Statement, payload_type
from vault.protocol.ids import account_id
from vault.protocol.limits import BODY_MAXIMUM_BYTES
from vault.protocol.naming import find_blob, find_seals, find_slots
from vault.protocol.statements import Body, Keys
from vault.protocol.strict_json import JsonError, read_json
from vault.protocol.submission import spell
from vault.protocol.vocabulary import StatementType

statement = typer.Typer(no_args_is_help=True, help="Single statements, for builders of other clients.")

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="An envelope, a submission or a journal entry; - is standard input.")
]


@statement.command("sign")
def sign(
    context: typer.Context,
    word: Annotated[StatementType, typer.Argument(metavar="TYPE", help="keys, item, assent, ...")],
    members: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON: the members of this type; common ones win over mine.")
    ] = None,
) -> None:
    """Print a submission: the one of this type that waits in the outbox, or one signed from JSON members.

    What is signed from members is neither sent nor kept: your next statement here replaces it unless it is sent first.
    """
    given = None if members is None else _read(members)
    with opened(context) as home:
        body = _waiting(home, word) if given is None else _signed(home, word, given)
    hand_over(body.decode("ascii"))


def _waiting(home: OpenHome, word: StatementType) -> bytes:
    found = next((each for each in home.session.outbox.waiting if each.type is word), None)
    if found is None:
        raise UsageError(f"no {word} statement waits in the outbox; give its members with --members FILE")
    return found.body


def _signed(home: OpenHome, word: StatementType, given: Any) -> bytes:
    if not isinstance(given, dict):
        raise UsageError("expected one JSON object with the members of this type")
    made = sign_members(home.session, word, given)
    return spell(made)


@statement.command("show")
def show(context: typer.Context, file: File) -> None:
    """Show what a statement says, and its hashes. Nothing about it is believed."""
    members = _describe(*_load(file))
    lines = [f"{name:15} {value}" for name, value in members.items() if name not in ("payload", "parts")]
    lines += ["parts           " + json.dumps(members["parts"]), json.dumps(members["payload"], indent=2)]
    say(choices_of(context), lines, members)


@statement.command("verify")
def verify(
    context: typer.Context,
    file: File,
    key: Annotated[
        list[str] | None, typer.Option(metavar="PUBLIC", help="32 bytes, hex or base64; twice for two signatures.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Take the key from this account's journal.")
    ] = None,
    log_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Verify the receipt beside it too, under this key of the log.")
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The receipt, or the whole answer to the write, where it lies elsewhere."),
    ] = None,
) -> None:
    """Verify signatures, and the parts beside the statement against the hashes in it.

    Under the keys that are given, under those of an account (asked from your deployment), or, for first keys, under
    themselves. With --log-key the receipt as well.
    """
    found, members = _load(file)
    if key:
        publics = [_read_key(each) for each in key]
    elif account is not None:
        publics = _keys_of_account(context, found, account)
    elif isinstance(found.body, Keys) and found.body.generation == 1:
        publics = [found.body.sign.public]
        _require_own_account(found.body)
    else:
        raise UsageError("give --key PUBLIC, or --account ACCOUNT")
    try:
        found.envelope.verify(*publics)
    except SignatureError as error:
        raise VerificationError("signature", str(error)) from error
    shown = _describe(found, members)
    bad = [name for name, state in shown["parts"].items() if state == "differs"]
    if bad:
        raise VerificationError("parts", f"expected the parts that were signed; look at {', '.join(bad)}")
    lines = [f"verified  {shown['statement']}  by {shown['by']}"]
    if receipt is not None and log_key is None:
        raise UsageError("a receipt needs the key of the log: give --log-key KEY")
    if log_key is not None:
        shown |= verify_receipt_of(context, found, members, receipt, log_key)
        lines.append(f"in the log  leaf {shown['leaf']} of {shown['size']}")
    say(choices_of(context), lines, shown | {"verified": True})


def _keys_of_account(context: typer.Context, found: Statement, account: str) -> list[bytes]:
    try:
        who = read_hex(account, 32)
    except EncodingError as error:
        raise UsageError(str(error)) from None
    if found.body.by != who:
        raise VerificationError("signature", "expected a statement of that account")
    with opened(context) as home:
        generations = home.run(fetch_keys(home.session, who)).generations
    keys = next((each for each in generations if each.sign_key == found.body.key), None)
    if keys is None:
        raise VerificationError("keys", "expected a key of that account")
    if isinstance(found.body, Keys) and len(found.envelope.signatures) > 1:
        return [keys.sign_public, found.body.sign.public]
    return [keys.sign_public]


def _require_own_account(body: Keys) -> None:
    if account_id(body.sign.public) != body.account or body.by != body.account:
        raise VerificationError("signature", "expected the account that is the hash of its first key")


def _read_key(text: str) -> bytes:
    for read in (read_hex, read_base64):
        try:
            return read(text, 32)
        except EncodingError:
            continue
    raise UsageError("expected a public key of 32 bytes, in lower-case hex or standard base64")


def _read(file: Path) -> Any:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}") from None
    if len(raw) > 2 * BODY_MAXIMUM_BYTES:
        raise UsageError("expected at most 1 MiB of JSON")
    return read_json(raw.strip())


def _load(file: Path) -> tuple[Statement, dict[str, Any]]:
    """The statement of a file, and the members around it."""
    value = _read(file)
    if not isinstance(value, dict):
        raise JsonError("expected one JSON object")
    around = value if "payload" not in value else {}
    for name in ("statement", "envelope"):
        if isinstance(around.get(name), dict):
            return Statement.of(Envelope.from_json(around[name])), around
    return Statement.of(Envelope.from_json(value)), {}


def _describe(found: Statement, around: dict[str, Any]) -> dict[str, Any]:
    envelope = found.envelope
    return {
        "statement": found.id.hex(),
        "type": found.body.type.value,
        "payload_type": payload_type(found.body.TYPE),
        "by": found.body.by.hex(),
        "key": found.body.key.hex(),
        "signatures": len(envelope.signatures),
        "pae_sha256": hashlib.sha256(envelope.signed_bytes).hexdigest(),
        "pae_size": len(envelope.signed_bytes),
        "payload_sha256": hashlib.sha256(envelope.payload).hexdigest(),
        "payload": json.loads(envelope.payload),
        "parts": _compare_parts(found.body, around),
    }


def _compare_parts(body: Body, around: dict[str, Any]) -> dict[str, str]:
    """Each part that the statement names: as signed, differs, or not here."""
    named: dict[str, bytes] = {}
    blob = find_blob(body)
    if blob is not None:
        named["blob"] = blob.sha256
    named |= {f"seals/{place}": ref.sha256 for place, ref in enumerate(find_seals(body) or ())}
    named |= {f"slots/{place}": ref.sha256 for place, ref in enumerate(find_slots(body) or ())}
    return {name: _compare(_part(around, name), digest) for name, digest in named.items()}


def _part(around: dict[str, Any], name: str) -> Any:
    group, _, place = name.partition("/")
    value = around.get(group)
    if not place:
        return value
    return value[int(place)] if isinstance(value, list) and int(place) < len(value) else None


def _compare(part: Any, digest: bytes) -> str:
    if part is None:
        return "not here"
    try:
        return "as signed" if hashlib.sha256(read_base64(part)).digest() == digest else "differs"
    except FormatError:
        return "differs"
