"""The XML that ``nmap -oX`` writes: the hosts that a scan has seen."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from ..errors import InvalidFile
from ..formatting import counted
from .document import Item, Observed
from .read_options import ReadOptions
from .rows import Row

# A scan nests about ten deep.
_MAX_DEPTH = 50
# What one host may say: names, addresses and ports.
_MAX_PARTS = 70_000
_UP = "up"


def read(
    name: str, pieces: Iterable[str], notes: list[str], options: ReadOptions
) -> Iterator[Item]:
    """Yield the hosts of a scan, given as text in pieces.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    scan = _Scan(name)
    parser = DefusedXMLParser(target=scan, forbid_entities=True, forbid_external=True)
    scan.parser = parser.parser
    skipped = _Skipped()
    complete = False
    try:
        for piece in pieces:
            parser.feed(piece)
            yield from skipped.kept(scan.take(), options)
        parser.close()
        complete = scan.finished is not None
    except DefusedXmlException:
        raise InvalidFile(f"{name}: XML entities are not supported.") from None
    except ParseError as error:
        line, _ = error.position
        if "no element found" not in str(error) and "unclosed" not in str(error):
            message = str(error).partition(":")[0]
            raise InvalidFile(
                f"{name}: line {line} is not valid XML: {message}."
            ) from None
    yield from skipped.kept(scan.take(), options)
    if not complete:
        notes.append(
            "The scan did not finish, so hosts that it does not list do not count as "
            "missing."
        )
    notes += skipped.notes()
    yield Observed(scan.finished, complete)


class _Skipped:
    """Leaves out hosts that nobody would look for, and counts them."""

    def __init__(self) -> None:
        self._down = self._nameless = 0

    def kept(
        self, hosts: Iterable[tuple[str, Row]], options: ReadOptions
    ) -> Iterator[Row]:
        for state, row in hosts:
            if options.all_hosts or (state == _UP and "hostname" in row.values):
                yield row
            elif state != _UP:
                self._down += 1
            else:
                self._nameless += 1

    def notes(self) -> Iterator[str]:
        if self._down or self._nameless:
            yield (
                f"Left out: {counted(self._down, 'host')} not up, and "
                f"{self._nameless:,} without a name; --all-hosts imports them, too."
            )


class _Scan:
    """What the parser calls; collects hosts until somebody takes them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path: list[str] = []
        self._hosts: list[tuple[str, Row]] = []
        self._host: _Host | None = None
        self.parser: Any = None
        self.finished: dt.datetime | None = None

    def take(self) -> list[tuple[str, Row]]:
        found, self._hosts = self._hosts, []
        return found

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) == 1 and tag != "nmaprun":
            raise InvalidFile(f"{self._name}: is XML, but not an nmap scan.")
        if len(self._path) > _MAX_DEPTH:
            raise InvalidFile(
                f"{self._name}: is nested more than {_MAX_DEPTH} levels deep."
            )
        if self._path == ["nmaprun", "host"]:
            self._host = _Host(self.parser.CurrentLineNumber)
        elif self._host is not None:
            self._host.add(self._path[2:], attrs)
            if self._host.parts > _MAX_PARTS:
                raise InvalidFile(
                    f"{self._name}: a host has over {_MAX_PARTS:,} parts."
                )
        elif self._path == ["nmaprun", "runstats", "finished"]:
            self.finished = _time(attrs.get("time", ""))

    def end(self, tag: str) -> None:
        if self._path == ["nmaprun", "host"] and self._host is not None:
            self._hosts.append((self._host.state, self._host.row()))
            self._host = None
        self._path.pop()

    def data(self, text: str) -> None:
        """Nothing of what nmap writes is between tags."""

    def close(self) -> None:
        pass


def _time(text: str) -> dt.datetime | None:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return dt.datetime.fromtimestamp(int(text), dt.UTC)


class _Host:
    """One host, put together from its parts, whose order is not fixed."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.state = ""
        self.parts = 0
        self._addresses: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}
        self._ports: list[str] = []
        self._port = ""
        self._is_open = False
        self._ssh: list[str] = []

    def add(self, path: list[str], attrs: Mapping[str, str]) -> None:
        self.parts += 1
        if path == ["status"]:
            self.state = attrs.get("state", "")
        elif path == ["address"]:
            kind = attrs.get("addrtype", "ipv4")
            self._addresses.setdefault(kind, []).append(attrs.get("addr", ""))
        elif path == ["hostnames", "hostname"]:
            kind = attrs.get("type", "user")
            self._names.setdefault(kind, []).append(attrs.get("name", ""))
        elif path == ["ports", "port"]:
            self._port = f"{attrs.get('portid', '')}/{attrs.get('protocol', '')}"
            self._is_open = False
        elif path == ["ports", "port", "state"] and attrs.get("state") == "open":
            self._ports.append(self._port)
            self._is_open = True
        elif self._is_open and path[1:] == ["port", "service"]:
            self._ssh += [self._port.partition("/")[0]] * (attrs.get("name") == "ssh")

    def row(self) -> Row:
        values: dict[str, Any] = {}
        # What the caller of nmap typed, then what the DNS says.
        names = dict.fromkeys(self._names.get("user", []) + self._names.get("PTR", []))
        names.pop("", None)
        if names:
            values["hostname"], *aliases = names
            if aliases:
                values["aliases"] = aliases
        addresses = self._addresses.get("ipv4", []) + self._addresses.get("ipv6", [])
        if addresses:
            values["ip_addr"], *others = addresses
            if others:
                values["addresses"] = others
        if len(self._ssh) == 1:
            values["port"] = self._ssh[0]
        variables: dict[str, Any] = {}
        if mac := self._addresses.get("mac"):
            variables["mac_address"] = mac[0]
        if self._ports:
            variables["open_ports"] = self._ports
        if variables:
            values["vars"] = variables
        return Row(self.line, values)
