"""Who sends a request: app keys, enrolment tokens and login tokens, told apart by their prefix.

A credential is 256 random bits; the database holds its SHA-256 alone, so a look-up by digest compares it and takes no
secret-dependent time. A route declares which kind it takes; any other kind is refused before it is looked up.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from vault.protocol.limits import BODY_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused
from vault.server.context import AppContext
from vault.server.credentials import (
    APP_PREFIX,
    ENROLMENT_PREFIX,
    LOGIN_PREFIX,
    PERSON_SCOPE,
    credential_sha256,
)
from vault.server.http.dependencies import WithContext, find_context
from vault.server.limits import Limited
from vault.server.storage.credentials import find_app, find_enrolment, find_token

_FORM = re.compile(r"cv[aet]_[A-Za-z0-9_-]{43}", re.ASCII)
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A login token; `slot` is the kind of slot that a `keyring` token may read, None for a `person` token."""

    account: bytes
    scope: str
    slot: int | None
    token_sha256: bytes


@dataclass(frozen=True, slots=True)
class AppCredential:
    """An app key."""

    app: str


@dataclass(frozen=True, slots=True)
class EnrolmentCredential:
    """An enrolment token: unused and in time, or used already, and then good for the first answer again and no more."""

    app: str
    token_sha256: bytes


def _read_credential(request: Request, prefix: str, ended: Code = Code.CREDENTIAL_ENDED) -> bytes:
    """The digest of the request's credential of that kind.

    Raises: Refused(credential-missing) without one, (credential-wrong) for another kind, `ended` for any other text.
    """
    sent = request.headers.getlist("authorization")
    if len(sent) != 1 or sent[0][: len(_SCHEME)].lower() != _SCHEME:
        raise Refused(Code.CREDENTIAL_MISSING)
    text = sent[0][len(_SCHEME) :]
    if _FORM.fullmatch(text) is None:
        raise Refused(ended)
    if not text.startswith(prefix):
        raise Refused(Code.CREDENTIAL_WRONG)
    return credential_sha256(text)


async def require_token(request: Request) -> TokenCredential:
    """The login token, of either scope, that came with the request."""
    context = await find_context(request)
    digest = _read_credential(request, LOGIN_PREFIX)
    now = context.clock()
    row = await context.storage.look(lambda connection: find_token(connection, digest, now))
    if row is None:
        raise Refused(Code.CREDENTIAL_ENDED)
    return TokenCredential(row.account, row.scope, row.slot, digest)


async def require_person(request: Request) -> bytes:
    """The account whose `person` token came with the request; a write is counted."""
    holder = await require_token(request)
    if holder.scope != PERSON_SCOPE:
        raise Refused(Code.CREDENTIAL_WRONG)
    _count_write(request, await find_context(request), holder.account)
    return holder.account


async def require_app(request: Request, context: WithContext) -> AppCredential:
    """The app whose key came with the request."""
    digest = _read_credential(request, APP_PREFIX)
    app = await context.storage.read(lambda connection: find_app(connection, digest))
    if app is None:
        raise Refused(Code.CREDENTIAL_ENDED)
    return AppCredential(app)


async def require_enrolment(request: Request, context: WithContext) -> EnrolmentCredential:
    """The enrolment token that came with the request. The write that uses it decides whether it still can be."""
    digest = _read_credential(request, ENROLMENT_PREFIX, ended=Code.ENROLMENT_ENDED)
    now = context.clock()

    def find(connection: Connection) -> str | None:
        return find_enrolment(connection, digest, now)

    app = await context.storage.read(find)
    if app is None:
        raise Refused(Code.ENROLMENT_ENDED)
    _count_write(request, context, digest)
    return EnrolmentCredential(app, digest)


def _count_write(request: Request, context: AppContext, principal: bytes) -> None:
    """Count a write before its body is read; a body without a length counts as the longest."""
    if request.method in ("POST", "PUT"):
        context.limits.take(Limited.WRITES, principal)
        announced = request.headers.get("content-length", str(BODY_MAXIMUM_BYTES))
        context.limits.take(Limited.WRITTEN_BYTES, principal, int(announced))


Person = Annotated[bytes, Depends(require_person)]
"""The account of a `person` token."""
KeyringReader = Annotated[TokenCredential, Depends(require_token)]
"""A token of either scope."""
AppHolder = Annotated[AppCredential, Depends(require_app)]
EnrolmentHolder = Annotated[EnrolmentCredential, Depends(require_enrolment)]
