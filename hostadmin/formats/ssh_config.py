"""Client configurations of OpenSSH: the hosts that they name, as ``ssh -G`` sees them.

A setting holds for a host from all blocks whose patterns match its name; the first one
that is found wins. Patterns themselves are no hosts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..errors import FieldError, InvalidFile, InvalidValue
from .ansible.fields import address_in
from .ansible.names import words
from .document import limited, lines_of, some
from .rows import ROW, Row

# ssh's own names of settings are without case.
_KEPT = ("hostname", "port", "user", "proxyjump")
_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)", re.DOTALL)
_MAX_LINE = 64 * 1024
# Patterns are tried on each host.
_MAX_PATTERNS = 2_000
_KEYWORDS = frozenset(
    """
    host match include hostname port user proxyjump proxycommand identityfile
    identitiesonly identityagent addkeystoagent forwardagent forwardx11
    forwardx11trusted stricthostkeychecking userknownhostsfile globalknownhostsfile
    serveraliveinterval serveralivecountmax controlmaster controlpath controlpersist
    loglevel compression localforward remoteforward dynamicforward requesttty
    sendenv setenv hostkeyalgorithms hostkeyalias kexalgorithms ciphers macs
    pubkeyauthentication passwordauthentication preferredauthentications batchmode
    connecttimeout connectionattempts tcpkeepalive gssapiauthentication usekeychain
    hashknownhosts checkhostip canonicalizehostname addressfamily bindaddress
    pubkeyacceptedkeytypes pubkeyacceptedalgorithms visualhostkey exitonforwardfailure
    certificatefile remotecommand permitlocalcommand localcommand ignoreunknown
    gssapidelegatecredentials kbdinteractiveauthentication verifyhostkeydns
    updatehostkeys escapechar tunnel xauthlocation challengeresponseauthentication
    """.split()  # noqa: SIM905 - one word each would be a page
)


def looks_like(lines: Sequence[str]) -> bool:
    """Whether lines without comments are a configuration, and not a table."""
    named = [_LINE.match(line) for line in lines]
    settings = [(found[1].lower(), found[2]) for found in named if found]
    known = sum(keyword in _KEYWORDS and bool(rest) for keyword, rest in settings)
    blocks = any(keyword in ("host", "match", "include") for keyword, _ in settings)
    return blocks and known >= 0.8 * len(lines) and settings[0][0] in _KEYWORDS


@dataclass
class _Block:
    """The settings below one ``Host`` line; above the first one, for all."""

    line: int
    patterns: Sequence[str]
    settings: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def matches(self, name: str) -> bool:
        found = False
        for pattern in self.patterns:
            inverted = pattern.startswith("!")
            if _matches(name, pattern.removeprefix("!")):
                if inverted:
                    return False
                found = True
        return found

    @property
    def names(self) -> list[str]:
        return [name for name in self.patterns if not _is_pattern(name)]


def _is_pattern(name: str) -> bool:
    return name.startswith("!") or "*" in name or "?" in name


def _matches(name: str, pattern: str) -> bool:
    # To ssh, brackets are no pattern.
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Row]:
    """Yield the hosts of a configuration, given as text in pieces.

    Raises ``InvalidFile``. ``notes`` gets what to tell.
    """
    text = limited(name, pieces)
    config = _Config()
    for number, line in enumerate(lines_of(name, text, _MAX_LINE), start=1):
        config.add(number, line.strip("\ufeff \t\r\n\f"))
    if len(config.with_patterns) > _MAX_PATTERNS:
        raise InvalidFile(
            f"{name}: has over {_MAX_PATTERNS:,} Host lines with patterns."
        )
    rows = list(config.rows())
    notes += config.notes()
    if not rows:
        notes.append("The file has no hosts.")
    yield from rows


def _setting(line: str) -> tuple[str, list[str]]:
    """Return the keyword in lower case and its values; empty where ssh reads none."""
    found = _LINE.fullmatch(line)
    if not found:
        return "", []
    try:
        return found[1].lower(), words(found[2])
    except InvalidValue:
        return "", []


class _Config:
    def __init__(self) -> None:
        self.blocks = [_Block(0, ("*",))]
        self._included: list[str] = []
        self._matched: list[str] = []
        self._apart: list[str] = []
        # What is below a Match line holds only under conditions.
        self._in_match = False

    @property
    def with_patterns(self) -> list[tuple[int, _Block]]:
        return [
            (place, block)
            for place, block in enumerate(self.blocks)
            if any(map(_is_pattern, block.patterns))
        ]

    def add(self, number: int, line: str) -> None:
        if not line or line.startswith("#"):
            return
        keyword, values = _setting(line)
        if not keyword or not values:
            self.blocks[-1].errors.append(f"line {number} is not an SSH setting.")
        elif keyword == "host":
            self.blocks.append(_Block(number, values))
            self._in_match = False
        elif keyword == "match":
            self._matched.append(f"line {number}")
            self._in_match = True
        elif keyword == "include":
            self._included += values
        elif keyword in _KEPT and not self._in_match:
            self.blocks[-1].settings.setdefault(keyword, values[0])

    def notes(self) -> Iterator[str]:
        if self._included:
            yield (
                f"Include was not followed: {some(self._included)}. Import these files "
                "one by one."
            )
        if self._matched:
            yield (
                "Settings in Match blocks were not read, because they are "
                f"conditional: {', '.join(self._matched[:5])}."
            )
        if self._apart:
            yield (
                "Host lines with several names were read as several hosts: "
                f"{some(self._apart)}."
            )

    # ---- hosts

    def rows(self) -> Iterator[Row]:
        """Yield each host once, in the order of the file."""
        known: set[str] = set()
        patterns = self.with_patterns
        by_name: dict[str, list[int]] = {}
        for place, block in enumerate(self.blocks):
            for name in block.names:
                by_name.setdefault(name, []).append(place)
        for block in self.blocks:
            hosts: dict[tuple[object, ...], list[str]] = {}
            settings: dict[tuple[object, ...], dict[str, str]] = {}
            for name in block.names:
                if name.lower() in known:
                    continue
                known.add(name.lower())
                found = self._settings(name, by_name, patterns)
                target = _target(name, block.names[0], found)
                hosts.setdefault(target, []).append(name)
                settings.setdefault(target, found)
            if len(hosts) > 1:
                self._apart.append(" ".join(block.names))
            for target, names in hosts.items():
                yield _row(block, names, settings[target])

    def _settings(
        self,
        name: str,
        by_name: dict[str, list[int]],
        patterns: Sequence[tuple[int, _Block]],
    ) -> dict[str, str]:
        places = set(by_name[name])
        places |= {place for place, block in patterns if block.matches(name)}
        found: dict[str, str] = {}
        for place in sorted(places):
            # A name may be excluded on the same line.
            if self.blocks[place].matches(name):
                found = self.blocks[place].settings | found
        if "hostname" in found:
            found["hostname"] = _expanded(found["hostname"], name)
        return found


def _expanded(text: str, name: str) -> str:
    return re.sub("%[%h]", lambda m: "%" if m[0] == "%%" else name, text)


def _target(name: str, first: str, settings: dict[str, str]) -> tuple[object, ...]:
    """Return what tells hosts of one line apart: where ssh would go.

    Without an address, further names are those of the same host, unless they only
    differ in numbers.
    """
    place = settings.get("hostname")
    if place is None and _stem(name) == _stem(first):
        place = name
    return place, settings.get("port")


def _stem(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _row(block: _Block, names: Sequence[str], settings: dict[str, str]) -> Row:
    values: dict[str, object] = {"hostname": names[0]}
    variables: dict[str, object] = {}
    if names[1:]:
        values["aliases"] = list(names[1:])
    place = settings.get("hostname")
    address = address_in(place if place is not None else names[0])
    if address:
        values["ip_addr"] = address
    elif place is not None and place != names[0]:
        variables["ansible_host"] = place
    if "port" in settings:
        values["port"] = settings["port"]
    if "user" in settings:
        variables["ansible_user"] = settings["user"]
    jump = settings.get("proxyjump", "none")
    if jump.lower() != "none":
        variables["proxy_jump"] = jump
    if variables:
        values["vars"] = variables
    errors = tuple(FieldError(ROW, message) for message in block.errors)
    return Row(block.line, values, errors)
