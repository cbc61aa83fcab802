"""Settings from the environment and ``.env``: typed, and refused when nonsense."""

import contextlib
import ipaddress
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from .db.engines import ENGINES, engine_of
from .errors import ConfigError
from .places import ENV_FILE, INSTANCE, ROOT
from .validation.values import did_you_mean

DEFAULT_DATABASE = INSTANCE / "hostadmin.sqlite"
DEMO_DATABASE = INSTANCE / "demo.sqlite"
PREFIX = "HOSTADMIN_"
# The suite has switches of its own under the same prefix.
TEST_PREFIX = "HOSTADMIN_TEST_"

DRIVERS = {
    scheme: f"{engine.name}+{engine.driver}"
    for engine in ENGINES.values()
    for scheme in engine.schemes
}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Settings that may be in a file of their own, as container platforms hand them out.
SECRETS = ("secret_key", "database_uri")
MAX_SECRET = 4096
URL_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
HOST_NAME = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?")


class Settings(BaseSettings):
    """Everything that can be set; docs/configuration.md has the same table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        extra="ignore",
        frozen=True,
    )

    database_uri: str = f"sqlite:///{DEFAULT_DATABASE}"
    database_uri_file: str = ""
    secret_key: str = ""
    secret_key_file: str = ""
    # Read before all others, in ``places``.
    instance: str = ""
    bind: str = "127.0.0.1:8000"
    production: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    url_prefix: str = ""
    secure_cookies: bool | None = None
    workers: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=256)
    password_length: int = Field(default=12, ge=8, le=128)
    session_idle_minutes: int = Field(default=60, ge=1, le=60 * 24 * 30)
    session_hours: int = Field(default=12, ge=1, le=24 * 90)
    sign_in_retention_days: int = Field(default=365, ge=1, le=3650)
    token_days: int = Field(default=365, ge=1, le=3650)
    upload_limit: int = Field(default=1024**3, ge=1024, le=1024**3)
    # For the suite only: under this name, no environment sets it.
    testing: bool = Field(default=False, validation_alias="testing is no setting")

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in SECRETS:
            variable, path = PREFIX + name.upper(), given.get(f"{name}_file")
            if not path:
                continue
            if given.get(name):
                raise ValueError(f"{variable} and {variable}_FILE are both set.")
            given = {**given, name: _secret_in(str(path), f"{variable}_FILE")}
        return given

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _read_hosts(cls, value: object) -> object:
        return tuple(map(_host_name, _parts(value)))

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_proxies(cls, value: object) -> object:
        return tuple(map(_network, _parts(value)))

    @field_validator("url_prefix")
    @classmethod
    def _usable_prefix(cls, value: str) -> str:
        prefix = value.rstrip("/")
        if prefix and not URL_PREFIX.fullmatch(prefix):
            raise ValueError(
                f"HOSTADMIN_URL_PREFIX is {value[:60]!r}. It must be a path such as "
                "/inventory."
            )
        return prefix

    @field_validator("database_uri")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return render_uri(parse_uri(value))

    @field_validator("bind")
    @classmethod
    def _usable_bind(cls, value: str) -> str:
        split_bind(value)
        return value

    @model_validator(mode="after")
    def _has_a_key(self) -> "Settings":
        if self.secret_key and len(self.secret_key) < 32:
            raise ValueError("HOSTADMIN_SECRET_KEY needs at least 32 characters.")
        if not self.secret_key and not self.has_own_database:
            raise ValueError(
                "HOSTADMIN_SECRET_KEY must be set when HOSTADMIN_DATABASE_URI is. To "
                'create one: python3 -c "import secrets; print(secrets.token_hex(32))"'
            )
        return self

    @property
    def is_production(self) -> bool:
        """Whether others than the people at this machine can reach the server."""
        return self.production or not is_loopback(self.bind_host)

    @property
    def cookies_are_secure(self) -> bool:
        """Whether browsers are asked to send cookies over TLS only."""
        if self.secure_cookies is None:
            return self.is_production
        return self.secure_cookies

    @property
    def heavy_at_once(self) -> int:
        """How many exports and counts of one account run at a time.

        Of the three threads in eight that it may hold, some are left for other pages.
        """
        return min(self.threads, max(2, self.threads // 4))

    @property
    def bind_host(self) -> str:
        return split_bind(self.bind)[0]

    @property
    def bind_port(self) -> int:
        return split_bind(self.bind)[1]

    @property
    def has_own_database(self) -> bool:
        """Whether the database is one of the embedded files, which keep their key."""
        return make_url(self.database_uri).database in (
            str(DEFAULT_DATABASE),
            str(DEMO_DATABASE),
        )

    @property
    def database_name(self) -> str:
        """The database, to be shown to people: without a password."""
        url = make_url(self.database_uri)
        if path := engine_of(url).file_of(url):
            return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
        # Drivers take a password as a parameter, too.
        return url.set(query={}).render_as_string(hide_password=True)

    def key(self) -> str:
        """Return the secret key; the embedded database makes its own and keeps it."""
        return self.secret_key or _kept_key(INSTANCE / "secret_key")


def _secret_in(path: str, variable: str) -> str:
    """Return what is in a file, without the end of the line."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MAX_SECRET + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(f"{variable} cannot be read: {reason}.") from None
    if not text.strip() or len(text) > MAX_SECRET:
        raise ValueError(
            f"{variable} names a file that is empty or over {MAX_SECRET} characters."
        )
    return text.strip()


def _parts(value: object) -> list[str]:
    """Return what is between the commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return [str(part).strip() for part in parts if str(part).strip()]  # type: ignore[attr-defined]


def _host_name(text: str) -> str:
    """Return a name, or a name and a port, as it is in a ``Host`` header."""
    name = text.lower().removesuffix(".")
    with contextlib.suppress(ValueError):
        # Browsers send brackets around the one kind of address, and Punycode.
        name = f"[{ipaddress.IPv6Address(name)}]"
    if not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("idna").decode()
    if not HOST_NAME.fullmatch(name):
        raise ValueError(
            f"HOSTADMIN_ALLOWED_HOSTS has {text[:60]!r}; use names such as "
            "hosts.example or hosts.example:8443, without https:// or *."
        )
    return name


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"HOSTADMIN_TRUSTED_PROXIES has {text[:60]!r}; use addresses or "
            "networks such as 127.0.0.1 or 10.1.0.0/24."
        ) from None


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Two processes may start at once: one of them links, both read the same.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    key = path.read_text().strip()
    if len(key) < 32:
        raise ConfigError(f"{path} has no key. Delete it to create a new one.")
    return key


def parse_uri(text: str) -> URL:
    """Return a database URI with our driver; raise ValueError in words for people."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # ValueError quotes the port, which may be a part of the password.
        raise ValueError(
            "HOSTADMIN_DATABASE_URI is not a database URI. Use "
            "sqlite:////path/hosts.sqlite or postgresql://user:password@host/name."
        ) from None
    is_file = engine_of(url).file_of(url) is not None
    if not is_file and "@" in f"{url.host}{url.database}":
        # What is there may be the end of a password.
        raise ValueError(
            "HOSTADMIN_DATABASE_URI has more than one @. In a user name or password, "
            "write @ as %40, / as %2F, : as %3A and % as %25."
        )
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in ENGINES:
        raise ValueError(
            "HOSTADMIN_DATABASE_URI has the unknown database type "
            f"{url.get_backend_name()[:40]!r}. Use one of: {', '.join(ENGINES)}."
        )
    try:
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise ValueError(
            f"The driver of {url.drivername!r} in HOSTADMIN_DATABASE_URI "
            "is unknown or not installed."
        ) from None
    return engine_of(url).completed(url, INSTANCE)


def render_uri(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def split_bind(text: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[v6]:port``; raise ValueError."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and len(port) < 6):
        raise ValueError(
            f"HOSTADMIN_BIND is {text[:60]!r}. It must look like 127.0.0.1:8000."
        )
    if not 1 <= int(port) <= 65535:
        raise ValueError(f"HOSTADMIN_BIND has the port {port}. Use 1–65535.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raise ``ConfigError`` with one line for the first bad one."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    if not first["loc"] or message.startswith(PREFIX):
        return message
    name = PREFIX + str(first["loc"][0]).upper()
    # The value itself is not repeated: it may be a secret.
    return f"{name} cannot be used: {message.rstrip('.')}."


def unknown_settings() -> list[str]:
    """Return a line for each variable that looks like a setting and is none."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    return [
        f"{name} is not a setting. {did_you_mean(name, known)}".strip()
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and not name.startswith(TEST_PREFIX)
        and name not in known
    ]
