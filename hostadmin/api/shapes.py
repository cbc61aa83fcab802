"""What is sent and answered, as models: OpenAPI describes them, and bodies are read by.

The fields of a host are those of the one table of fields; their values are checked by
its rules, so here are only their types.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..limits import limits
from ..validation.host_fields import HOST_FIELDS, HostField
from ..validation.values import STATUSES


class Sent(BaseModel):
    """What somebody sends: no member is ignored, and no type made of another."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answered(BaseModel):
    """What is answered, to be described; it is made without it."""

    model_config = ConfigDict(extra="forbid")


# ---- headers, and what every change takes


class Seen(Sent):
    """The version that was read."""

    if_match: str = Field(
        alias="If-Match",
        description="The ETag that you read; `*` for any version.",
    )


class MaybeSeen(Sent):
    """The version that was read, if that matters."""

    if_match: str = Field("", alias="If-Match", description="The ETag that you read.")


class Repeatable(Sent):
    """A key with which a request can be repeated."""

    idempotency_key: str = Field(
        "",
        alias="Idempotency-Key",
        max_length=255,
        description="The same request and key within a day get the first response.",
    )


class Why(Sent):
    message: str = Field("", description="Reason, kept in the history.")


# ---- hosts

_LISTS = ("aliases", "addresses", "groups")
_EXAMPLES: dict[str, Any] = {
    "hostname": "web-1.example.net",
    "ip_addr": "10.0.0.1",
    "addresses": ["2001:db8::1"],
    "port": 22,
    "environment": "prod",
    "groups": ["web"],
    "vars": {"rack": "r12"},
}


def _type(field: HostField) -> Any:
    if field.name in _LISTS:
        return list[str]
    if field.name == "vars":
        return dict[str, Any]
    return int if field.name == "port" else str


def _described(field: HostField, default: Any) -> Any:
    """Return what the description says of a field besides its type."""
    more: dict[str, Any] = {}
    if field.name == "status":
        more["enum"] = [*STATUSES]
    if field.name == "port":
        more |= {"minimum": 1, "maximum": 65535}
    if field.name in _EXAMPLES:
        more["examples"] = [_EXAMPLES[field.name]]
    words = field.description or None
    return Field(default, description=words, json_schema_extra=more)


_WRITABLE = [field for field in HOST_FIELDS if field.rule is not None]
_ALWAYS_SET = (*_LISTS, "vars", "hostname", "status")
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def _sent(name: str, doc: str, required: tuple[str, ...] = ()) -> type[BaseModel]:
    fields: dict[str, Any] = {
        field.name: (_type(field), _described(field, ...))
        if field.name in required
        else (_type(field) | None, _described(field, None))
        for field in _WRITABLE
    }
    return create_model(name, __base__=Sent, __doc__=doc, **fields)


def _answered(name: str, doc: str, *, is_whole: bool) -> type[BaseModel]:
    """Return the model of a host; of one that is not whole, everything may lack."""
    default = ... if is_whole else None
    fields: dict[str, Any] = {"id": (int, default), "version": (int, default)}
    for field in _WRITABLE:
        kind = _type(field)
        if field.name not in _ALWAYS_SET:
            kind |= None
        fields[field.name] = (kind, _described(field, default))
    for time, kind in (
        ("created", Time),
        ("updated", Time),
        ("confirmed", Time | None),
    ):
        fields[f"{time}_at"] = (kind, default)
    return create_model(name, __base__=Answered, __doc__=doc, **fields)


if TYPE_CHECKING:
    # What is made of a table has no type that could be read.
    class NewHost(Sent): ...

    class HostChange(Sent): ...
else:
    NewHost = _sent(
        "NewHost",
        "A host to add. Missing fields are not set, but the default port is 22.",
        ("hostname",),
    )
    HostChange = _sent(
        "HostChange",
        "A JSON Merge Patch (RFC 7396): null clears, lists are replaced, variables "
        "merged.",
    )
Host = _answered("Host", "A host.", is_whole=True)
ListedHost = _answered(
    "ListedHost", "A host; with `cols`, only these fields.", is_whole=False
)

MOST = 1_000


class HostQuery(Sent):
    """Hosts to list, their order and their columns."""

    model_config = ConfigDict(extra="forbid", strict=False)

    q: str = Field("", description="A query, such as `env:prod -owner:search web*`.")
    view: str = Field("", description="The name of a saved view; `q` narrows it.")
    cols: str = Field("", description="Columns: `hostname,ip,var.rack`. All if empty.")
    sort: str = Field("", description="`-ip,hostname`; by name if empty.")
    cursor: str = Field("", description="`next` of the previous response.")
    limit: int = Field(100, ge=1, le=MOST, description="Hosts per response.")


class HostPage(Answered):
    """A page of hosts. `next` is the cursor of the next page, null at the end."""

    items: list[ListedHost]  # type: ignore[valid-type]
    next: str | None
    count: int | None = Field(description="How many match; null if it takes too long.")
    is_capped: bool = Field(description=f"Counting stops at {limits.counted_rows:,}.")
    sort: str = Field(description="The sort order.")


# ---- groups and the whole inventory


class NewGroup(Sent):
    """A group to add."""

    name: str = Field(json_schema_extra={"examples": ["web"]})
    description: str | None = None
    children: list[str] | None = Field(None, description="Child groups.")
    vars: dict[str, Any] | None = None


class GroupChange(Sent):
    """A JSON Merge Patch (RFC 7396)."""

    name: str | None = None
    description: str | None = None
    children: list[str] | None = None
    vars: dict[str, Any] | None = None


class Group(Answered):
    """A group. Which groups a host is in is a field of the host."""

    id: int
    version: int
    name: str
    description: str | None
    children: list[str]
    vars: dict[str, Any]
    created_at: Time
    updated_at: Time


class Paged(Sent):
    """A page of a list."""

    model_config = ConfigDict(extra="forbid", strict=False)

    cursor: str = Field("", description="`next` of the previous response.")
    limit: int = Field(100, ge=1, le=MOST, description="Maximum number.")


class GroupPage(Answered):
    items: list[Group]
    next: str | None


class InventoryVars(Answered):
    """The variables of all hosts; the version is 0 until the first one is set."""

    vars: dict[str, Any]
    version: int


class InventoryChange(Sent):
    """A JSON Merge Patch (RFC 7396): variables are merged, null removes one."""

    vars: dict[str, Any]


# ---- counts


class CountQuery(Sent):
    q: str = Field("", description="A query; all hosts if empty.")
    by: list[str] = Field(
        default_factory=list,
        description="Fields: `env`, `network/24`, `created:month`, `var.rack`.",
    )


class CountRow(Answered):
    """Hosts that share values; null is “not set”. `q` finds exactly these hosts."""

    values: list[str | None]
    hosts: int
    q: str


class Counts(Answered):
    """Counts. A host in two groups counts in both, but only once in `total`."""

    total: int
    by: list[str]
    rows: list[CountRow]


# ---- saved views


class View(Answered):
    """A saved view: a name for a page with its parameters."""

    id: int
    version: int
    name: str
    page: Literal["hosts", "stats"]
    query: str
    options: dict[str, list[str]]
    shared: bool
    is_own: bool


class NewView(Sent):
    """A view to save; one without an owner is always shared."""

    name: str
    page: Literal["hosts", "stats"] = "hosts"
    query: str = ""
    options: dict[str, list[str]] = Field(
        default_factory=dict, description="Other parameters: `sort`, `cols`."
    )
    shared: bool = False


class ViewChange(Sent):
    """A JSON Merge Patch (RFC 7396)."""

    name: str | None = None
    query: str | None = None
    options: dict[str, list[str]] | None = None
    shared: bool | None = None


class Views(Answered):
    items: list[View]


# ---- changes


class ChangeHead(Answered):
    """A change: who made it, when, from where, and why."""

    id: int
    at: Time
    actor: str
    source: Literal["web", "api", "command", "import"]
    message: str | None


class Entry(Answered):
    """What a change did to one object; `changes` holds [from, to] by field."""

    id: int
    subject: Literal["host", "group", "inventory"]
    subject_id: int
    name: str
    action: Literal["created", "changed", "deleted"]
    changes: dict[str, tuple[Any, Any]]
    change: ChangeHead


class Feed(Answered):
    """What was changed after a position. `next` is the position to continue from.

    An entry may come twice, but none is left out.
    """

    items: list[Entry]
    next: str
    more: bool = Field(description="Whether there are more entries now.")


MAX_WAIT = 25


class FeedQuery(Sent):
    model_config = ConfigDict(extra="forbid", strict=False)

    since: str = Field(
        "", description="`next` of a response, or `now`; from the beginning if empty."
    )
    limit: int = Field(100, ge=1, le=MOST, description="Entries per response.")
    wait: int = Field(
        0, ge=0, le=MAX_WAIT, description="Seconds to wait for the next entry."
    )


class Change(ChangeHead):
    """A change, with how many objects of a kind it created, changed and deleted."""

    summary: str
    confirmed: int = Field(description="Hosts that were only confirmed.")
    counts: dict[str, dict[str, int]]


class ChangeEntries(Answered):
    items: list[Entry]
    next: str | None


# ---- errors


class Wrong(BaseModel):
    """What is wrong with one value of the request."""

    pointer: str = Field(description="JSON Pointer into the request body.")
    detail: str


class WrongRow(BaseModel):
    """What is wrong with one row of a file."""

    line: int
    name: str | None = Field(description="Host or group of the row.")
    field: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457); `place`, `expected` and `fixed` are about a query."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Wrong | WrongRow] | None = None
    place: str | None = None
    expected: str | None = None
    fixed: str | None = None
