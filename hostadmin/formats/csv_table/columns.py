"""Which column of a table is which field, under all the names that are in use."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...errors import InvalidFile, InvalidValue
from ...validation.host_fields import HOST_FIELDS
from ...validation.json_values import clean_vars
from ...validation.rules import HOST_RULES
from ...validation.values import quoted
from ..document import some
from ..read_options import IGNORE, VARIABLE, ReadOptions
from ..rows import COLUMNS
from .aliases import ALIASES, NAMING, known_field, reduced
from .cells import all_addresses
from .name_column import name_column

MAX_COLUMNS = 500
_RARELY = ("aliases", "addresses", "notes", "vars")
EXAMPLE = ",".join(name for name in COLUMNS if name not in _RARELY)

# Kept by the inventory itself; our own export has them for people to read.
_OURS = frozenset(
    reduced(name)
    for field in HOST_FIELDS
    if field.rule is None
    for name in (field.name, field.query)
)
# Columns of addresses that are never those of the host.
_OF_OTHERS = ("gateway", "dns", "mask", "subnet", "network", "broadcast", "ntp")
# The last column of bad rows that were written to be corrected.
ERROR = "error"
# Pandas calls a column without a name so.
_INDEX = ("", "#", "unnamed0")


@dataclass(frozen=True)
class Columns:
    """Which cell holds what: field → indexes, and variable → index."""

    headers: tuple[str, ...]
    fields: Mapping[str, tuple[int, ...]]
    variables: Mapping[str, int]
    nameless: tuple[int, ...]

    def description(self) -> str:
        """Return in words which column was read as what."""
        read = [
            f"{quoted(self.headers[index])} is {field}"
            for field, indexes in self.fields.items()
            for index in indexes
        ]
        kept = [quoted(self.headers[index]) for index in self.variables.values()]
        if kept:
            read.append(f"variables: {', '.join(kept)}")
        return f"Columns: {'; '.join(read)}."


def find_columns(
    headers: Sequence[str],
    samples: Sequence[Sequence[str]],
    options: ReadOptions,
    notes: list[str],
) -> Columns:
    """Tell what the columns are, with the first rows as samples.

    Raises ``InvalidFile`` where that makes no sense; the caller knows the line.
    """
    if len(headers) > MAX_COLUMNS:
        raise InvalidFile(
            f"the header has {len(headers):,} columns; at most {MAX_COLUMNS} are read."
        )
    chosen = chosen_columns(headers, options)
    if not {"hostname", "ip_addr"} & chosen.keys() and NAMING.isdisjoint(
        map(reduced, headers)
    ):
        raise InvalidFile(no_header(headers, samples))
    _check_doubles(headers, chosen)
    fields = _fields(headers, samples, chosen)
    left_out = {*chosen.get(IGNORE, ()), *_index_column(headers, samples)}
    taken = {index for indexes in fields.values() for index in indexes} | left_out
    variables = {
        name.removeprefix(VARIABLE): indexes[0]
        for name, indexes in chosen.items()
        if name.startswith(VARIABLE)
    }
    taken |= set(variables.values())
    if options.header_row != 0:
        _add_variables(headers, taken, variables, notes)
    nameless = tuple(
        index
        for index, header in enumerate(headers)
        if not header and index not in taken
    )
    columns = Columns(tuple(headers), fields, variables, nameless)
    notes.append(columns.description())
    notes += _remarks(columns, samples)
    return columns


def no_header(headers: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> str:
    """Return what to say where neither names nor addresses have a column."""
    addresses = [
        f" {quoted(header)} holds addresses: --column 'ip_addr={header}'."
        for index, header in enumerate(headers)
        if header and holds_addresses(index, samples)
    ]
    return (
        "no header with a column for names or addresses: "
        f"{quoted(','.join(headers), 80)} has neither. The first line must name the "
        f"columns, such as {EXAMPLE}. Choose the column of names with --column "
        "hostname=HEADER, the line of the header with "
        f"--header-row.{''.join(addresses[:1])}"
    )


def guess_fields(
    headers: Sequence[str],
    samples: Sequence[Sequence[str]],
    options: ReadOptions,
    asked: Sequence[int] = (),
) -> Columns:
    """Return what the columns probably are, beside those that somebody is asked for."""
    chosen = chosen_columns(headers, options)
    chosen[IGNORE] = (*chosen.get(IGNORE, ()), *asked)
    try:
        fields = _fields(headers, samples, chosen)
    except InvalidFile:
        fields = {}
    if asked:
        # The name will be one of those; with another one, both would be joined.
        fields.pop("hostname", None)
    taken = {index for indexes in fields.values() for index in indexes}
    taken |= {index for indexes in chosen.values() for index in indexes}
    taken |= set(_index_column(headers, samples))
    variables = {
        variable_name(header) or str(index): index
        for index, header in enumerate(headers)
        if index not in taken and header and not is_own(header)
    }
    return Columns(tuple(headers), fields, variables, ())


# ---- what was chosen


def chosen_columns(
    headers: Sequence[str], options: ReadOptions
) -> dict[str, tuple[int, ...]]:
    """Return field → indexes as the options say it."""
    found: dict[str, tuple[int, ...]] = {}
    by_index: dict[int, str] = {}
    for field, names in options.columns.items():
        found[field] = tuple(_index_of(headers, name) for name in names)
        for index in found[field]:
            other = by_index.setdefault(index, field)
            if other != field:
                raise InvalidFile(
                    f"--column imports {quoted(headers[index])} as {other} and as "
                    f"{field}; choose one of them."
                )
        several = len(found[field]) > 1
        if several and field not in (IGNORE, "hostname", *_SEVERAL):
            raise InvalidFile(
                f"--column imports two columns as {field}; choose one of them."
            )
    return found


_SEVERAL = ("ip_addr", "aliases", "addresses", "groups")


def is_place(name: str) -> bool:
    """Whether a column is named by its place: #1 is the first."""
    return name[:1] == "#" and name[1:].isascii() and name[1:].isdigit()


def _index_of(headers: Sequence[str], name: str) -> int:
    if is_place(name) and name not in headers and 0 < int(name[1:]) <= len(headers):
        return int(name[1:]) - 1
    found = _named(headers, name) or _named([*map(reduced, headers)], reduced(name))
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidFile(
            f"--column: {len(found)} columns are called {quoted(name)}; rename one, "
            f"or choose one by its position, such as #{found[1] + 1}."
        )
    known = some([header for header in headers if header])
    raise InvalidFile(f"--column: unknown column {quoted(name)}. Use one of: {known}.")


def _named(headers: Sequence[str], name: str) -> list[int]:
    return [index for index, header in enumerate(headers) if header == name]


# ---- what is recognised


def _fields(
    headers: Sequence[str],
    samples: Sequence[Sequence[str]],
    chosen: Mapping[str, tuple[int, ...]],
) -> dict[str, tuple[int, ...]]:
    """Return field → indexes: each field takes the first of its names that is left."""
    fields = {name: found for name, found in chosen.items() if name in HOST_RULES}
    taken = {index for indexes in chosen.values() for index in indexes}
    for index, header in enumerate(headers):
        # A column under our own name is that field, whatever else could claim it.
        if header in HOST_RULES and header not in fields and index not in taken:
            fields[header] = (index,)
            taken.add(index)
    _claim_by_alias(fields, taken, headers, samples)
    return {field: fields[field] for field in HOST_RULES if field in fields}


def _claim_by_alias(
    fields: dict[str, tuple[int, ...]],
    taken: set[int],
    headers: Sequence[str],
    samples: Sequence[Sequence[str]],
) -> None:
    by_name = _indexes_by_name(headers)
    for field, aliases in ALIASES.items():
        free = [i for name in aliases for i in by_name.get(name, ()) if i not in taken]
        if free and field not in fields:
            fields[field] = _claimed(field, free, headers, samples)
            taken.update(fields[field])


def _indexes_by_name(headers: Sequence[str]) -> dict[str, list[int]]:
    by_name: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        by_name.setdefault(reduced(header), []).append(index)
    return by_name


def _claimed(
    field: str,
    free: list[int],
    headers: Sequence[str],
    samples: Sequence[Sequence[str]],
) -> tuple[int, ...]:
    if field == "hostname":
        return (name_column(headers, free, samples),)
    # What is left of addresses is the host's, too.
    return tuple(free) if field == "addresses" else (free[0],)


def _check_doubles(
    headers: Sequence[str], chosen: Mapping[str, tuple[int, ...]]
) -> None:
    named = {index for indexes in chosen.values() for index in indexes}
    seen: dict[str, int] = {}
    for number, header in enumerate(headers, start=1):
        name = reduced(header) if known_field(header) else header
        if not name or number - 1 in named:
            continue
        if name in seen:
            raise InvalidFile(
                f"columns {seen[name]} and {number} are both called {quoted(header)}; "
                "rename one of them."
            )
        seen[name] = number


def _index_column(
    headers: Sequence[str], samples: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """Return the first column where it only counts the rows."""
    if not headers or (headers[0] not in _INDEX and reduced(headers[0]) not in _INDEX):
        return ()
    cells = [cells[0].strip() for cells in samples if any(cells)]
    counted = any(
        cells == [str(number) for number in range(start, start + len(cells))]
        for start in (0, 1)
    )
    return (0,) if cells and counted else ()


def _add_variables(
    headers: Sequence[str],
    taken: set[int],
    variables: dict[str, int],
    notes: list[str],
) -> None:
    for index, header in enumerate(headers):
        name = variable_name(header)
        if index in taken or not name:
            continue
        if header == ERROR and index == len(headers) - 1:
            notes.append(
                f"Column {quoted(header)} was not read: it has the errors of an "
                "earlier import."
            )
            continue
        if is_own(header):
            notes.append(f"Column {quoted(header)} was not read: hostadmin sets it.")
            continue
        _check_variable(header, name, index, variables)
        variables[name] = index


def is_own(header: str) -> bool:
    """Whether the inventory itself keeps what is in a column, such as its id."""
    return reduced(header) in _OURS


def variable_name(header: str) -> str:
    for prefix in ("vars.", VARIABLE):
        if header.startswith(prefix):
            return header.removeprefix(prefix)
    return header


def _check_variable(header: str, name: str, index: int, known: dict[str, int]) -> None:
    try:
        clean_vars({name: ""})
    except InvalidValue as error:
        raise InvalidFile(
            f"column {quoted(header)} has no valid name: {error}"
        ) from None
    if name in known:
        raise InvalidFile(
            f"columns {known[name] + 1} and {index + 1} are both the variable "
            f"{quoted(name)}; keep one of them."
        )


# ---- what to look at


def _remarks(columns: Columns, samples: Sequence[Sequence[str]]) -> Iterator[str]:
    wanted = "addresses" if "ip_addr" in columns.fields else "ip_addr"
    for name, index in columns.variables.items():
        of_others = any(word in reduced(name) for word in _OF_OTHERS)
        if holds_addresses(index, samples) and not of_others:
            header = columns.headers[index]
            yield (
                f"Column {quoted(header)} holds addresses and was read as a variable; "
                f"--column '{wanted}={header}' reads it as {wanted}."
            )
    yield from _same_names(columns, samples)


def holds_addresses(index: int, samples: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all of the cells are addresses."""
    texts = [c[index] for c in samples if index < len(c) and c[index].strip()]
    return bool(texts) and sum(map(all_addresses, texts)) >= 0.8 * len(texts)


def _same_names(columns: Columns, samples: Sequence[Sequence[str]]) -> Iterator[str]:
    if len(columns.fields.get("hostname", ())) != 1:
        return
    [named] = columns.fields["hostname"]
    rows = [cells for cells in samples if len(cells) == len(columns.headers)]
    names = list(filter(None, (cells[named].strip() for cells in rows)))
    if len(names) < 2 or len(set(names)) * 2 > len(names):
        return
    others = [index for index in range(len(columns.headers)) if index != named]
    if header := _first_unique(columns.headers, rows, others):
        own = columns.headers[named]
        yield (
            f"Many rows have the same name, such as {quoted(names[0])}, but "
            f"{quoted(header)} differs: --column 'hostname={header}' uses it as the "
            f"name; with --column 'hostname={own}' before it, both are joined."
        )


def _first_unique(
    headers: Sequence[str], rows: Sequence[Sequence[str]], indexes: Iterable[int]
) -> str | None:
    """Return the first of the headers under which no row is empty or like another."""
    for index in indexes:
        texts = [cells[index].strip() for cells in rows]
        if headers[index] and all(texts) and len(set(texts)) == len(rows):
            return headers[index]
    return None
