"""What an operator sets: `server.toml` in the data folder, and variables that begin with COACH_VAULT_ over it.

Secrets are not settings; they stand in a file of their own (`secrets_file`).
"""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from vault.encoding import MAXIMUM_INTEGER
from vault.errors import EncodingError, VaultError
from vault.protocol.deployment import default_audience, is_loopback, require_base_url
from vault.protocol.fields import Audience
from vault.protocol.limits import DAY_SECONDS, PART_MAXIMUM_BYTES
from vault.server.limits import Limited, Rate

SETTINGS_FILE = "server.toml"
_PREFIX = "COACH_VAULT_"
_NESTED = "__"
_FOLDER_VARIABLE = "COACH_VAULT_DATA"
_NO_SETTINGS = frozenset({"DATA", "HOME", "PASSPHRASE_FILE", "VENV"})
"""What other programs and scripts of this project read under the same prefix."""
_SQLITE = "sqlite:///"
FOLDER = "file:"
_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3_600

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bytes = Annotated[int, Field(ge=1, le=MAXIMUM_INTEGER)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class SettingsError(VaultError):
    """Settings that cannot be used; the message names the setting and what was expected, never its value."""


def _base_url(text: str) -> str:
    try:
        return require_base_url(text)
    except EncodingError as error:
        raise ValueError(str(error)) from None


class LimitSettings(BaseModel):
    """How many acts of one principal a window takes; each worker counts for itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enrolments_per_hour: Count = 10_000
    """Of one app."""
    challenges_per_minute: Count = 60
    """For one account from one peer."""
    challenges_of_peer_per_minute: Count = 1_200
    slot_headers_per_minute: Count = 60
    """Of one account from one peer."""
    slot_headers_of_peer_per_minute: Count = 1_200
    writes_per_minute: Count = 12_000
    """Of one account."""
    written_bytes_per_day: Bytes = 10 * 1024**3
    """Of one account: bodies of statements and parts of attachments, taken or not."""

    def rates(self) -> dict[Limited, Rate]:
        """The same numbers as `limits.Limits` takes them."""
        return {
            Limited.ENROLMENTS: Rate(self.enrolments_per_hour, _HOUR_SECONDS),
            Limited.CHALLENGES: Rate(self.challenges_per_minute, _MINUTE_SECONDS),
            Limited.CHALLENGES_OF_PEER: Rate(self.challenges_of_peer_per_minute, _MINUTE_SECONDS),
            Limited.SLOT_HEADERS: Rate(self.slot_headers_per_minute, _MINUTE_SECONDS),
            Limited.SLOT_HEADERS_OF_PEER: Rate(self.slot_headers_of_peer_per_minute, _MINUTE_SECONDS),
            Limited.WRITES: Rate(self.writes_per_minute, _MINUTE_SECONDS),
            Limited.WRITTEN_BYTES: Rate(self.written_bytes_per_day, DAY_SECONDS),
        }


class S3Settings(BaseModel):
    """How a bucket is reached, where `blobs` names one. The file that holds these is readable by its owner alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: str = "us-east-1"
    endpoint: str | None = None
    """The URL of another S3 server than Amazon's."""
    access_key_id: str | None = None
    """Without a pair of keys the machine's own role is asked."""
    secret_access_key: SecretStr | None = None


class Settings(BaseSettings):
    """The settings of one deployment."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter=_NESTED, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    url: Annotated[str, AfterValidator(_base_url)]
    """The base URL that clients are configured with; login statements name it byte for byte."""
    audience: Audience = ""
    """The log origin that every statement names; follows from the URL where it is not set."""
    database: Annotated[str, Field(pattern="^(sqlite:///|postgresql://).+$", repr=False)]
    """`sqlite:///file` (beside the settings unless absolute) or `postgresql://user@host/name`."""
    blobs: Annotated[str, Field(pattern="^(file:.+|s3://[^/]+(/.+)?)$")] = "file:attachments"
    """Where attachments lie: `file:folder` (beside the settings unless absolute) or `s3://bucket/prefix`."""
    s3: S3Settings = S3Settings()
    upload_bytes: Annotated[Bytes, Field(ge=PART_MAXIMUM_BYTES)] = 5 * 1024**3
    """How many bytes one account may have uploaded that no item names yet, and so the longest attachment."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address to listen on; `0.0.0.0` is all of this machine's."""
    port: Port | None = None
    """The port to listen on; without it 8001, or that of an http URL."""
    behind_tls_proxy: bool = False
    """Whether a proxy ends TLS in front: only then may the server listen on anything but loopback."""
    proxy_addresses: str = "127.0.0.1"
    """Comma-separated addresses of that proxy, from which forwarding headers are believed."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    metrics_port: Port | None = None
    """Where Prometheus asks; without it nowhere."""
    metrics_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address of that port: of this machine, or of a private network."""
    log_level: Literal["info", "warning", "error"] = "info"
    """The least that is logged; each request is one line of `info`."""
    limits: LimitSettings = LimitSettings()

    @model_validator(mode="before")
    @classmethod
    def _audience_follows_from_url(cls, members: dict[str, object]) -> dict[str, object]:
        url = members.get("url")
        if "audience" not in members and isinstance(url, str):
            return {**members, "audience": default_audience(_base_url(url))}
        return members

    @model_validator(mode="after")
    def _http_is_for_this_machine(self) -> Self:
        if self.url.startswith("http://") and not is_loopback(self.url):
            raise ValueError("expected an https URL: clients speak http to loopback alone")
        return self

    def told(self) -> dict[str, Any]:
        """All of it that a log may hold: of database and blob store the kind, since their URLs may hold secrets."""
        kinds = {name: getattr(self, name).partition(":")[0] for name in ("database", "blobs")}
        return self.model_dump(exclude={"s3"}) | kinds


def load_settings(folder: Path) -> Settings:
    """The settings of the data folder, the environment over them.

    Raises: SettingsError for a folder without settings, or settings that are unknown or not valid.
    """
    require_known_variables(os.environ)
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise SettingsError(f"expected {SETTINGS_FILE} in the data folder; make one with `coach-vault-server init`")

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            from_file = TomlConfigSettingsSource(settings_cls, path)
            return (init_settings, env_settings, dotenv_settings, from_file, file_secret_settings)

    try:
        found = FromFile.model_validate({})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise SettingsError(f"{SETTINGS_FILE}: {place}{first['msg'].removeprefix('Value error, ')}") from None
    beside = {"database": _beside(folder, found.database, _SQLITE), "blobs": _beside(folder, found.blobs, FOLDER)}
    return found.model_copy(update=beside)


def require_known_variables(names: Iterable[str]) -> None:
    """Return if each of `names` that begins as ours do is a setting, or another program's.

    Raises: SettingsError, which names it with the nearest setting: a limit that nobody reads protects nobody.
    """
    known = set(_list_variables())
    for name in names:
        own = name.upper().removeprefix(_PREFIX)
        if name.upper().startswith(_PREFIX) and own not in known:
            nearest = get_close_matches(own, known, 1)
            hint = f"did you mean {_PREFIX}{nearest[0]}?" if nearest else "docs/operations/index.md lists all settings"
            raise SettingsError(f"there is no setting {name}; {hint}")


def _list_variables() -> Iterator[str]:
    yield from _NO_SETTINGS
    for name, field in Settings.model_fields.items():
        yield name.upper()
        if isinstance(field.default, BaseModel):
            yield from (f"{name}{_NESTED}{each}".upper() for each in type(field.default).model_fields)


def name_folder_for_workers(folder: Path) -> None:
    """Let processes that are started from here on find the data folder."""
    os.environ[_FOLDER_VARIABLE] = str(folder.resolve())


def share_counts_of_workers(folder: Path) -> None:
    """Let processes that are started from here on keep their counts in files of `folder`."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def folder_of_workers() -> Path:
    """The data folder that `name_folder_for_workers` named."""
    return Path(os.environ[_FOLDER_VARIABLE])


def _beside(folder: Path, url: str, scheme: str) -> str:
    """What is a file or a folder without an absolute path lies in the data folder, wherever that is moved."""
    if not url.startswith(scheme):
        return url
    return scheme + str(folder.resolve() / url.removeprefix(scheme))
