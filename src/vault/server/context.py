"""The application context: what a running server is made of, as every request finds it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vault.policy.facts import KeysFact
from vault.server.concurrency import Hashing, Incoming
from vault.server.limits import Limits
from vault.server.lru import LruCache
from vault.server.settings import Settings
from vault.server.storage.blob_store import BlobStore
from vault.server.storage.engine import Storage
from vault.server.tlog_key import TlogKey

_PUBLICS_KNOWN = 16_384


@dataclass(frozen=True, slots=True)
class AppContext:
    """Settings, the open database, the clock (Unix seconds), randomness, the secret behind fake slots, the deployment's
    own account and sign key, the key of its log, where attachments lie, the rate limits, the public keys that were
    looked up already, each by its account and its id, and what a worker does of attachments at once.
    """

    settings: Settings
    storage: Storage
    clock: Callable[[], int]
    random: Callable[[int], bytes]
    secret: bytes = field(repr=False)
    deployment: KeysFact
    tlog: TlogKey
    blobs: BlobStore
    limits: Limits
    publics: LruCache[tuple[bytes, bytes], bytes] = field(default_factory=lambda: LruCache(_PUBLICS_KNOWN), repr=False)
    hashing: Hashing = field(default_factory=Hashing, repr=False)
    incoming: Incoming = field(default_factory=Incoming, repr=False)
