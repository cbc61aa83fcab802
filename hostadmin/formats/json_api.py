"""Answers of the APIs of AWX and NetBox: pages of results, as they come."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import FieldError, InvalidFile, InvalidValue
from ..validation.values import quoted
from ..validation.yaml_vars import read_vars
from .ansible.fields import as_plain_text, host_fields
from .document import Item, Observed
from .json_stream import Stream, twice
from .rows import ROW, Row


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield the hosts of one page of results, of a list of pages, or of several pages.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    stream = Stream(name, pieces)
    answer = _Answer(name, stream)
    while first := stream.peek():
        if first == "[":
            for _ in stream.places():
                yield from answer.page()
        else:
            yield from answer.page()
    if answer.missing:
        notes.append(
            f"The file has {answer.read:,} of {answer.count:,} results, so hosts that "
            "it does not list do not count as missing. Fetch the other pages, too."
        )
    yield Observed(None, not answer.missing)


class _Answer:
    """Pages that belong together."""

    def __init__(self, name: str, stream: Stream) -> None:
        self._name = name
        self._stream = stream
        self.count = self.read = 0

    @property
    def missing(self) -> bool:
        return self.read < self.count

    def page(self) -> Iterator[Row]:
        found = False
        for key in self._stream.names():
            if key == "results":
                found = True
                yield from self._results()
                continue
            value = self._stream.value()
            if key == "count" and type(value) is int:
                self.count = max(self.count, value)
        if not found:
            raise self._stream.refused(
                "is not a page of results: “results” is missing."
            )

    def _results(self) -> Iterator[Row]:
        for line, record in self._stream.items():
            self.read += 1
            doubles = self._stream.doubles()
            if doubles or not isinstance(record, dict):
                message = twice(doubles) if doubles else "is not an object with fields."
                yield Row(line, {}, (FieldError(ROW, message),))
            else:
                yield self._row(line, record)

    def _row(self, line: int, record: Mapping[str, Any]) -> Row:
        if isinstance(record.get("variables"), str):
            return _awx_host(line, record)
        if "name" in record and ("status" in record or "primary_ip" in record):
            return Row(line, _netbox_device(record))
        if isinstance(record.get("address"), str) and "dns_name" in record:
            return Row(line, _netbox_address(record))
        raise InvalidFile(
            f"{self._name}: line {line} is neither an AWX host nor a NetBox device, "
            "virtual machine or IP address. Its fields are "
            f"{quoted(', '.join(record), 120)}."
        )


# ---- AWX


def _awx_host(line: int, record: Mapping[str, Any]) -> Row:
    errors: tuple[FieldError, ...] = ()
    variables: dict[str, Any] = {}
    try:
        # AWX keeps them as the text that somebody typed.
        variables = read_vars(record["variables"].strip().removeprefix("---"))
    except InvalidValue as error:
        errors = (FieldError("vars", str(error)),)
    values = host_fields(str(record.get("name") or ""), variables)
    if record.get("description"):
        values.setdefault("notes", record["description"])
    groups = _results_of(record, "summary_fields", "groups")
    if groups:
        values["groups"] = groups
    if record.get("enabled") is False:
        values["vars"] = {**values.get("vars", {}), "awx_enabled": False}
    return Row(line, {k: v for k, v in values.items() if v != ""}, errors)


def _results_of(record: Mapping[str, Any], *path: str) -> list[str]:
    found: Any = record
    for key in (*path, "results"):
        found = found.get(key) if isinstance(found, dict) else None
    items = found if isinstance(found, list) else []
    return [str(i["name"]) for i in items if isinstance(i, dict) and i.get("name")]


# ---- NetBox

_NAMED = {
    "site": "location",
    "platform": "os",
    "role": "role",
    "device_role": "role",
    "tenant": "owner",
}
_KEPT = ("serial", "asset_tag", "rack", "cluster", "device_type", "vcpus", "memory")
_ADDRESSES = ("primary_ip4", "primary_ip6", "primary_ip")


def _netbox_device(record: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"hostname": record.get("name"), **_common(record)}
    for key, field in _NAMED.items():
        if name := _name(record.get(key)):
            values.setdefault(field, name)
    values |= _netbox_addresses(record)
    notes = [record.get(key) for key in ("description", "comments")]
    values["notes"] = "\n".join(filter(None, map(_text, notes)))
    values["groups"] = [n for tag in record.get("tags") or () if (n := _name(tag))]
    values["vars"] = _netbox_vars(record)
    return _stated(values)


def _netbox_addresses(record: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [a for key in _ADDRESSES if (a := _address(record.get(key)))]
    first = _address(record.get("primary_ip")) or next(iter(addresses), None)
    if not first:
        return {}
    others = [a for a in dict.fromkeys(addresses) if a != first]
    return {"ip_addr": first, "addresses": others}


def _netbox_vars(record: Mapping[str, Any]) -> dict[str, Any]:
    variables = {key: _plain(record.get(key)) for key in _KEPT}
    custom = record.get("custom_fields")
    if isinstance(custom, dict):
        variables |= {
            name: as_plain_text(value) if isinstance(value, str) else value
            for name, value in custom.items()
        }
    return {k: v for k, v in variables.items() if v not in (None, "")}


def _netbox_address(record: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        "hostname": record["dns_name"],
        "ip_addr": _address(record),
        "notes": record.get("description"),
        **_common(record),
    }
    return _stated(values)


def _common(record: Mapping[str, Any]) -> dict[str, Any]:
    status = record.get("status")
    value = status.get("value") if isinstance(status, dict) else status
    return {"status": value, "owner": _name(record.get("tenant"))}


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v not in (None, "", [], {})}


def _name(value: object) -> str | None:
    """Return what an object that is referred to is called."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("display") or value.get("model")
    return value if isinstance(value, str) and value else None


def _plain(value: object) -> object:
    return _name(value) if isinstance(value, dict) else value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _address(value: object) -> str | None:
    text = value.get("address") if isinstance(value, dict) else value
    return text.partition("/")[0] if isinstance(text, str) and text else None
