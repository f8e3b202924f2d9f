"""What a person's device runs: keys, sealing and opening, verified reading, and the objects an application holds."""

from vault.client.acts import terms
from vault.client.errors import CodeError, Unreachable, UsageError, VerificationError, WrongPassphrase
from vault.client.sdk.asynchronous.vault import AsyncVault
from vault.client.sdk.synchronous.vault import Vault
from vault.protocol.problems import Refused

__all__ = [
    "AsyncVault",
    "CodeError",
    "Refused",
    "Unreachable",
    "UsageError",
    "Vault",
    "VerificationError",
    "WrongPassphrase",
    "terms",
]
