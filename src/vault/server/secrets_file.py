"""The deployment's secrets: one file, readable by its owner alone, and nothing of it in the database.

The server secret makes the fake slot headers, so that they are the same after a restart and in every worker. The sign
seed is the deployment's own account; it signs erasures on retention and nothing of a person's. The log seed signs the
checkpoints of the transparency log and nothing else.
"""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vault import ed25519
from vault.encoding import read_base64, write_base64
from vault.errors import EncodingError, VaultError
from vault.policy.facts import KeysFact
from vault.protocol.ids import KeyId, StatementId, account_id, key_id
from vault.protocol.limits import ID_BYTES, ZERO32
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, KeysReason
from vault.server.private_files import OWNER_ALONE
from vault.server.tlog_key import TlogKey

SECRETS_FILE = "secrets.toml"
SECRET_BYTES = 32
_OTHERS = 0o077


class SecretsError(VaultError):
    """A secrets file that is missing, readable by others, or not of this form."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Three independent 32-byte secrets."""

    server_secret: bytes = field(repr=False)
    deployment_sign_seed: bytes = field(repr=False)
    log_sign_seed: bytes = field(repr=False)

    @classmethod
    def new(cls, random: Callable[[int], bytes]) -> "Secrets":
        """Three new ones."""
        return cls(*(random(SECRET_BYTES) for _ in range(3)))

    def deployment(self) -> KeysFact:
        """The deployment's account and sign key as policy asks for them; nothing is ever sealed to it."""
        public = ed25519.public_key(self.deployment_sign_seed)
        return KeysFact(
            statement=StatementId(ZERO32),
            account=account_id(public),
            generation=1,
            sign_key=key_id(KEY_ALGORITHM_ED25519, public),
            sign_public=public,
            seal_key=KeyId(bytes(ID_BYTES)),
            reason=KeysReason.CREATE,
        )

    def tlog(self, origin: str) -> TlogKey:
        """The key of the transparency log under its origin, which is the deployment's audience."""
        return TlogKey(origin, self.log_sign_seed)


def write_secrets(folder: Path, secrets: Secrets) -> None:
    """Make the file in `folder`. Raises: SecretsError where there is one already."""
    text = (
        "# The secrets of this deployment. Keep a copy of this file apart from the database's backups.\n"
        f'server_secret = "{write_base64(secrets.server_secret)}"\n'
        f'deployment_sign_seed = "{write_base64(secrets.deployment_sign_seed)}"\n'
        f'log_sign_seed = "{write_base64(secrets.log_sign_seed)}"\n'
    )
    try:
        handle = os.open(folder / SECRETS_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    except FileExistsError:
        raise SecretsError(f"there is a {SECRETS_FILE} already; it is never overwritten") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)


def read_secrets(folder: Path) -> Secrets:
    """The secrets in `folder`. Raises: SecretsError."""
    path = folder / SECRETS_FILE
    try:
        if path.stat().st_mode & _OTHERS:
            raise SecretsError(f"{SECRETS_FILE} can be read by others; run `chmod 600` on it")
        members = tomllib.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise SecretsError(f"expected a readable {SECRETS_FILE}, as `coach-vault-server init` makes it") from None
    names = ("server_secret", "deployment_sign_seed", "log_sign_seed")
    if members.keys() != set(names):
        raise SecretsError(f"expected {', '.join(names)} in {SECRETS_FILE}, and nothing else")
    try:
        return Secrets(*(read_base64(members[name], SECRET_BYTES) for name in names))
    except EncodingError:
        raise SecretsError(f"expected base64 of {SECRET_BYTES} bytes for each secret in {SECRETS_FILE}") from None
