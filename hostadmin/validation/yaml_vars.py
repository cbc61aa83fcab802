"""Variables as text that people write: YAML or JSON, and back."""

import json
import re
from typing import Any

import yaml

from ..errors import InvalidValue
from .json_values import MAX_DEPTH, clean_vars
from .values import MAX_BYTES, quoted

_NULL, _BOOL, _INT, _FLOAT, _MERGE = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "merge")
)
# Only what prints back to the same text has a type: to YAML, 0123 is 83, no is false
# and 1.10 is 1.1, but serial numbers, countries and versions are none of these. More
# than 15 digits are exact in no JSON reader that counts in doubles.
_PLAIN = {
    _NULL: (re.compile(r"^(?:null)?$"), ["n", ""]),
    _BOOL: (re.compile(r"^(?:true|false)$"), ["t", "f"]),
    _INT: (re.compile(r"^(?:0|-?[1-9][0-9]{0,14})$"), list("-0123456789")),
    _FLOAT: (
        re.compile(r"^-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,17}$"),
        list("-0123456789"),
    ),
    _MERGE: (re.compile(r"^<<$"), ["<"]),
}
_TEXT = "tag:yaml.org,2002:str"
# YAML 1.2 and JSON know 1e3; the 1.1 of PyYAML wants 1.0e+3.
_EXPONENT = (
    _FLOAT,
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _is_plain(kind: str, text: str) -> bool:
    """Whether a number is read back as a number from its bare text."""
    return bool(_PLAIN[kind][0].fullmatch(text)) and (
        kind == _INT or repr(float(text)) == text
    )


class _Loader(yaml.SafeLoader):
    """YAML that becomes JSON: no anchors, no double names, few types (``_PLAIN``).

    Not the loader of libyaml, though it takes a third of the time (0.5 s instead of 2 s
    for the longest texts): it is worse at saying in which line an error is.
    """

    # A few lines of anchors can stand for gigabytes.
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not supported here; repeat the value",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and (key_node.tag, key) in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the name {quoted(key)} appears twice",
                    problem_mark=key_node.start_mark,
                )
            seen.add((key_node.tag, key))
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError):
            # "!!int x", "!!bool maybe", or a number of thousands of digits.
            kind = node.tag.rpartition(":")[2]
            raise yaml.MarkedYAMLError(
                problem=f"{quoted(node.value)} is not a valid {kind}",
                problem_mark=node.start_mark,
            ) from None

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        if tag == _FLOAT and kind is yaml.ScalarNode and not _is_plain(tag, value):
            return _TEXT
        return tag


_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


def parse_vars(text: str) -> dict[str, Any]:
    """Return the variables that a text in YAML or JSON states.

    Raises ``InvalidValue`` with the line. An empty text is no variables.
    """
    return clean_vars(read_vars(text))


def read_vars(text: str) -> dict[str, Any]:
    """Return the same as ``parse_vars``, for one who applies the rules afterwards."""
    if len(text.encode("utf-8", "surrogatepass")) > 4 * MAX_BYTES:
        raise InvalidValue(f"must have at most {MAX_BYTES:,} bytes.")
    if not text.strip():
        return {}
    try:
        value = _load(text)
    except RecursionError:
        raise InvalidValue(f"must be nested at most {MAX_DEPTH} levels deep.") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue(
            'line 1: write "name: value", one per line, or a JSON object.'
        )
    return value


def parse_value(text: str) -> Any:
    """Return the one value that a text in YAML or JSON states; see ``clean_vars``.

    Raises ``InvalidValue``.
    """
    if len(text.encode("utf-8", "surrogatepass")) > 4 * MAX_BYTES:
        raise InvalidValue(f"must have at most {MAX_BYTES:,} bytes.")
    try:
        return _load(text)
    except RecursionError:
        raise InvalidValue(f"must be nested at most {MAX_DEPTH} levels deep.") from None


def _load(text: str) -> object:
    if not text.lstrip().startswith("{"):
        return _load_yaml(text)
    try:
        return json.loads(
            text, object_pairs_hook=_no_doubles, parse_constant=_no_constant
        )
    except ValueError as error:
        # Perhaps YAML in flow style, which looks much like it; otherwise YAML knows
        # the line, unless it stops at a tab before.
        if "\t" in text or type(error) is ValueError:
            raise InvalidValue(_json_in_words(error)) from None
    return _load_yaml(text)


def _load_yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidValue(f"{place}{_in_words(error)}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidValue(f"line {line}: invisible character. Remove it.") from None
    except (yaml.YAMLError, ValueError):
        raise InvalidValue("must be YAML or JSON.") from None


def _json_in_words(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}."
    if isinstance(error, _DoubleName):
        return str(error)
    return "must not contain numbers with thousands of digits."


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "not understood"
    if problem.startswith("but ") and error.context:
        return f"{error.context}, {problem}"
    if "could not determine a constructor" in problem:
        tag = problem.rpartition("'")[0].rpartition("'")[2]
        return f"the tag {quoted(tag)} is not supported here"
    return problem


class _DoubleName(ValueError):
    """A JSON object has a name twice."""


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _DoubleName(f"the name {quoted(name)} appears twice.")
        found[name] = value
    return found


def _no_constant(name: str) -> object:
    raise InvalidValue(f"{name} is not a valid JSON number.")


def print_vars(variables: dict[str, Any]) -> str:
    """Return variables as YAML that ``parse_vars`` reads back to the same."""
    if not variables:
        return ""
    text: str = yaml.dump(
        variables,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1000,
    )
    return text


class _Dumper(yaml.SafeDumper):
    # An object that is in two places would be written as anchor and alias.
    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_number(self, number: int | float) -> yaml.ScalarNode:
        node = (
            self.represent_int(number)
            if isinstance(number, int)
            else self.represent_float(number)
        )
        if not _is_plain(node.tag, node.value):
            # Written with its tag then.
            node.style = '"'
        return node


_Dumper.add_representer(int, _Dumper.represent_number)
_Dumper.add_representer(float, _Dumper.represent_number)
# A text that we or others would take for something else is quoted: dates for PyYAML
# and so for Ansible, 1e3 for other readers of YAML.
_Dumper.add_implicit_resolver(*_EXPONENT)
