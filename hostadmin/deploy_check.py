"""Whether the settings are fit for a server that others reach: one code per finding.

Each check is a pure function of ``Facts``. The critical findings refuse the start.
"""

import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from .config import Settings, is_loopback
from .db.engines import engine_of
from .db.engines.mysql_hosts import split_place
from .errors import ConfigError
from .places import COMMAND, ENV_FILE

MIN_LENGTH = 32
MIN_VARIETY = 8
# Beginnings of keys that are in manuals, and words that people put where one belongs.
KNOWN_KEYS = (
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "0123456789abcdef",
    "abcdefghijklmnop",
)
KNOWN_WORDS = re.compile(
    "changeme|replaceme|insecure|secretkey|supersecret|topsecret|yoursecret|"
    "mysecret|notsecret|notsosecret|averysecret|thisisa|neverguess|hardtoguess|"
    "example|placeholder|password|default"
)
EVERYBODY = 8


@dataclass(frozen=True)
class Facts:
    """What the checks look at."""

    settings: Settings
    debug: bool = False
    unknown: Sequence[str] = ()
    # What is wrong with the database or its schema; empty if nothing is.
    database: str = ""
    admins: int = 1
    # Files with secrets or hosts that others on this machine may read.
    open_files: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    code: str
    text: str
    # Whether a server for others does not even start with it.
    critical: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


Check = Callable[[Facts], Finding | None]


def key_is_missing(facts: Facts) -> Finding | None:
    if facts.settings.secret_key:
        return None
    return Finding(
        "H001",
        "HOSTADMIN_SECRET_KEY is not set. To create one: "
        'python3 -c "import secrets; print(secrets.token_hex(32))"',
        critical=True,
    )


def key_is_known(facts: Facts) -> Finding | None:
    key = facts.settings.secret_key.lower()
    letters = re.sub(r"[^a-z]", "", key)
    if not key.startswith(KNOWN_KEYS) and not KNOWN_WORDS.search(letters):
        return None
    return Finding(
        "H002",
        "HOSTADMIN_SECRET_KEY is a known example; create your own.",
        critical=True,
    )


def key_is_short(facts: Facts) -> Finding | None:
    if not 0 < len(facts.settings.secret_key) < MIN_LENGTH:
        return None
    text = f"HOSTADMIN_SECRET_KEY needs at least {MIN_LENGTH} characters."
    return Finding("H003", text, critical=True)


def key_repeats(facts: Facts) -> Finding | None:
    if not 0 < len(set(facts.settings.secret_key)) < MIN_VARIETY:
        return None
    text = f"HOSTADMIN_SECRET_KEY needs at least {MIN_VARIETY} different characters."
    return Finding("H004", text, critical=True)


def debug_is_on(facts: Facts) -> Finding | None:
    if not facts.debug:
        return None
    text = "Debug mode is on, so anyone can run code. Unset FLASK_DEBUG."
    return Finding("H010", text, critical=True)


def hosts_are_missing(facts: Facts) -> Finding | None:
    if facts.settings.allowed_hosts:
        return None
    text = "HOSTADMIN_ALLOWED_HOSTS is not set. List the host names of this server."
    return Finding("H020", text, critical=True)


def cookies_are_open(facts: Facts) -> Finding | None:
    if facts.settings.cookies_are_secure:
        return None
    text = (
        "HOSTADMIN_SECURE_COOKIES is off, so cookies are sent without TLS. Set it to 1."
    )
    return Finding("H030", text, critical=True)


def everybody_is_trusted(facts: Facts) -> Finding | None:
    wide = [n for n in facts.settings.trusted_proxies if n.prefixlen < EVERYBODY]
    if not wide:
        return None
    return Finding(
        "H040",
        f"HOSTADMIN_TRUSTED_PROXIES trusts {wide[0]}, so anyone can fake addresses. "
        "List only your proxies.",
        critical=True,
    )


def nobody_is_trusted(facts: Facts) -> Finding | None:
    if facts.settings.trusted_proxies:
        return None
    return Finding(
        "H041",
        "HOSTADMIN_TRUSTED_PROXIES is not set. hostadmin needs a proxy for TLS, and "
        "without this setting all clients seem to have its address.",
    )


def production_is_off(facts: Facts) -> Finding | None:
    if facts.settings.is_production:
        return None
    return Finding(
        "H050",
        "HOSTADMIN_PRODUCTION is not 1, so hostadmin starts despite these problems.",
    )


def database_is_far_without_tls(facts: Facts) -> Finding | None:
    url = make_url(facts.settings.database_uri)
    hosts = [split_place(place)[0] for place in url.normalized_query.get("host", ())]
    far = [host for host in (url.host, *hosts) if host and not _is_near(host)]
    if not far or _asks_for_tls(url):
        return None
    option = engine_of(url).tls_option
    text = f"The database is on another machine, but its URI has no {option}."
    return Finding("H060", text)


def _is_near(host: str) -> bool:
    # PostgreSQL takes the folder of a socket for a host.
    return host.startswith("/") or is_loopback(host)


def _asks_for_tls(url: URL) -> bool:
    if url.query.get("sslmode") in ("require", "verify-ca", "verify-full"):
        return True
    return any(name.startswith("ssl_") for name in url.query)


def database_does_not_fit(facts: Facts) -> Finding | None:
    return Finding("H061", facts.database) if facts.database else None


def files_are_open(facts: Facts) -> Finding | None:
    if not facts.open_files:
        return None
    return Finding(
        "H070",
        f"Everyone on this machine can read {', '.join(facts.open_files)}. "
        "Remove that permission with chmod o-r.",
    )


def admin_is_missing(facts: Facts) -> Finding | None:
    if facts.admins:
        return None
    return Finding(
        "H080",
        f"No admin account. Create one: {COMMAND} accounts add NAME --role admin",
    )


def settings_are_unknown(facts: Facts) -> Finding | None:
    return Finding("H090", " ".join(facts.unknown)) if facts.unknown else None


CHECKS: tuple[Check, ...] = (
    key_is_missing,
    key_is_known,
    key_is_short,
    key_repeats,
    debug_is_on,
    hosts_are_missing,
    cookies_are_open,
    everybody_is_trusted,
    nobody_is_trusted,
    production_is_off,
    database_is_far_without_tls,
    database_does_not_fit,
    files_are_open,
    admin_is_missing,
    settings_are_unknown,
)


def findings(facts: Facts) -> Iterator[Finding]:
    for check in CHECKS:
        if found := check(facts):
            yield found


def refuse_unfit(settings: Settings, *, debug: bool) -> None:
    """Raise ``ConfigError`` with the critical findings of a production server."""
    if not settings.is_production:
        return
    critical = [str(f) for f in findings(Facts(settings, debug)) if f.critical]
    if critical:
        raise ConfigError(" ".join(critical))


def open_files(settings: Settings) -> list[str]:
    """Return the files with secrets or hosts that anybody on this machine may read."""
    url = make_url(settings.database_uri)
    paths = [str(ENV_FILE), settings.secret_key_file, settings.database_uri_file]
    files = [Path(path) for path in paths if path]
    if path := engine_of(url).file_of(url):
        files.append(path)
    return [str(path) for path in files if path.is_file() and _is_open(path)]


def _is_open(path: Path) -> bool:
    """Whether others may read it, and may go all the way there."""
    way = [path, *path.resolve().parents]
    bits = [stat.S_IROTH, *[stat.S_IXOTH] * (len(way) - 1)]
    return all(item.stat().st_mode & bit for item, bit in zip(way, bits, strict=True))
