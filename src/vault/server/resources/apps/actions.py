"""What the operator does with apps; no route does any of it."""

import re
from collections.abc import Callable

from vault.errors import VaultError
from vault.server.credentials import APP_PREFIX, new_credential
from vault.server.resources.apps.rows import disable, find_disabled, has_app, insert_app, replace_key
from vault.server.storage.columns import SLUG_MAXIMUM_CHARACTERS
from vault.server.storage.engine import Storage

_SLUG = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)


class AppError(VaultError):
    """An app that cannot be made, or that is not there."""


def require_slug(app: str) -> str:
    """The same text: a letter, then letters, digits and hyphens, at most 40. Raises: AppError."""
    if len(app) > SLUG_MAXIMUM_CHARACTERS or _SLUG.fullmatch(app) is None:
        raise AppError("expected a slug: a small letter, then small letters, digits and hyphens, at most 40 characters")
    return app


def create_app(storage: Storage, app: str, random: Callable[[int], bytes], now: int) -> str:
    """The key of a new app, to be shown once. Raises: AppError where the slug is taken or not a slug."""
    key, sha256 = new_credential(APP_PREFIX, random)
    require_slug(app)
    with storage.writing() as connection:
        if has_app(connection, app):
            raise AppError("there is an app of that slug already; `apps rotate` gives it a new key")
        insert_app(connection, app, sha256, now)
    return key


def rotate_app(storage: Storage, app: str, random: Callable[[int], bytes]) -> str:
    """The new key of an app, to be shown once; the old one is worth nothing from now on. Raises: AppError."""
    key, sha256 = new_credential(APP_PREFIX, random)
    with storage.writing() as connection:
        if not has_app(connection, app):
            raise AppError("there is no app of that slug; see `apps list`")
        replace_key(connection, app, sha256)
    return key


def disable_app(storage: Storage, app: str) -> None:
    """The app issues no more tokens until it is rotated. Raises: AppError."""
    with storage.writing() as connection:
        if not has_app(connection, app):
            raise AppError("there is no app of that slug; see `apps list`")
        disable(connection, app)


def require_app(storage: Storage, app: str) -> None:
    """Return if there is an app of that slug. Raises: AppError."""
    with storage.reading() as connection:
        if not has_app(connection, app):
            raise AppError("there is no app of that slug; see `apps list`")


def require_app_in_use(storage: Storage, app: str) -> None:
    """Return if there is an app of that slug and it is not disabled. Raises: AppError."""
    with storage.reading() as connection:
        is_disabled = find_disabled(connection, app)
    if is_disabled is None:
        raise AppError("there is no app of that slug; see `apps list`")
    if is_disabled:
        raise AppError("this app is disabled; `apps rotate` gives it a new key and puts it in use again")
