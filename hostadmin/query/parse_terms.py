"""One condition of a query: a word, or a field with an operator and values."""

import re
from dataclasses import dataclass
from typing import NoReturn

from ..errors import QueryError
from ..validation.values import quoted
from . import ast, slips
from .ast import EVERYTHING, Node, Quoted, Term, Word, any_of, negated
from .fields import FIELDS, Field, find_field, is_field
from .lexer import Scanner, bare_value, foreign_sign, quoted_text
from .parse_values import MAX_VALUES, check_text, is_word

MAX_TERMS = 100
# Of all variables together: each level is one more call within a call of SQL.
MAX_LEVELS = 300
TERM_STARTS = ("a field", "a word", "“not”", "“(”")

_IN = re.compile(r"\s+(?:(not)\s+)?in\s*(?=\()", re.IGNORECASE)
_IS = re.compile(r"\s+(is)(?=[\s()]|$)", re.IGNORECASE)
_IS_EMPTY = re.compile(
    r"\s+is\s+(?:(not)\s+)?(?:empty|none|null)(?=[\s()]|$)", re.IGNORECASE
)
_HALF_IN = re.compile(
    r"\s+((?:not\s+)?in)(?=[\s()]|$)(?:\s+([^\s()\"',]+)(?=[\s()]|$))?", re.IGNORECASE
)
_NOTHING = frozenset({"empty", "none"})
_ALL_OR_NOTHING = re.compile(r"\s*(?:(\*+)|none|empty)(?=[\s()]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """A place where something of one kind is or was expected.

    ``kind`` is "term", "operator", "value" or "joint" (something after a term).
    """

    kind: str
    start: int
    end: int
    field: Field | None = None
    value: str = ""
    op: str = ""


def marked(
    error: QueryError,
    text: str,
    start: int,
    end: int,
    expected: tuple[str, ...] = (),
) -> QueryError:
    fixed = None
    if error.instead is not None:
        good = error.instead
        good = good if bare_value(good) else quoted_text(good)
        fixed = text[:start] + good + text[end:]
    return error.at(text, start, end, expected, fixed)


class Conditions(Scanner):
    """Reads conditions, and notes what is where."""

    def __init__(self, text: str, slots: list[Token]) -> None:
        super().__init__(text)
        self.slots = slots
        self.terms = 0
        self.levels = 0

    def term(self) -> Node:
        start = self.position
        self.terms += 1
        if self.terms > MAX_TERMS:
            self.fail(
                f"The query has more than {MAX_TERMS} conditions.",
                start,
                len(self.text),
                "Lists count as one: hostname:a,b,c.",
            )
        if self.at_quotation():
            name = self.quotation()
            node = self.condition(name, start)
            # Only a pattern would mean something else without the marks.
            value = Quoted(name) if re.search(r"[*?]", name) else name
            return node or self.word(value, start)
        slips.refuse_url(self)
        chunk = self.chunk()
        if ":" in chunk and self.address_of(chunk, start):
            self.take(start + len(chunk))
            return self.word(chunk, start)
        slips.refuse_address_and_port(self)
        name = "" if self.keyword() else self.name()
        if not name:
            self.no_term()
        if foreign := foreign_sign(name):
            slips.refuse_sign(self, *foreign)
        self.take(start + len(name))
        return self.condition(name, start) or self.word(name, start)

    def address_of(self, word: str, start: int) -> bool:
        try:
            return is_word(word)
        except QueryError as error:
            raise marked(error, self.text, start, start + len(word)) from None

    def word(self, value: str, start: int) -> Node:
        self.note("term", start, value=value)
        if self.peek() == ",":
            slips.refuse_comma(self, start)
        self.no_more()
        if not value.strip():
            self.fail("The quotes are empty.", start, self.position)
        try:
            check_text(value)
        except QueryError as error:
            raise marked(error, self.text, start, self.position) from None
        self.address_of(value, start)
        return EVERYTHING if _is_star(value) else Word(value)

    def condition(self, name: str, start: int) -> Node | None:
        """Read what follows a field; None where what follows belongs to none."""
        end = self.position
        sign = self.operator()
        listed, emptiness = self.match(_IN), self.match(_IS_EMPTY)
        if not (sign or listed or emptiness):
            self.half_a_condition(name)
            return None
        self.note("term", start, value=name)
        found = self.field_of(name, start, end)
        if sign:
            return self.comparison(found, sign)
        if emptiness:
            self.take(emptiness.end())
            self.operator_of(found, ast.EMPTY, end, self.position)
            unset = Term(found.name, ast.EMPTY)
            return negated(unset) if emptiness[1] else unset
        self.take(listed.end() if listed else end)
        self.take_sign("(")
        negative = listed is not None and bool(listed[1])
        return self.listing(found, self.position - 1, negative=negative)

    def half_a_condition(self, name: str) -> None:
        """Refuse ``owner is`` and ``owner in x``: as words they would find nothing."""
        try:
            found = find_field(name)
        except QueryError:
            return
        if half := self.match(_IS):
            place = half.start(1), len(self.text)
            self.slots.append(Token("operator", *place, found))
            self.fail(
                "After “is”, write “empty” or “not empty”.",
                half.start(1),
                half.end(1),
                f"Write a value as {found.name}:VALUE.",
                expected=("“empty”", "“not empty”"),
            )
        if half := self.match(_HALF_IN):
            start, end = half.span(1)
            fixed = f"{half[1]} ({half[2]})"
            self.fail(
                f"After “{half[1]}”, write a list in parentheses.",
                start,
                end,
                f"Write {found.name} in (VALUE, VALUE).",
                fixed=self.text[:start] + fixed + self.text[half.end() :]
                if half[2]
                else None,
            )

    def field_of(self, name: str, start: int, end: int) -> Field:
        try:
            found = find_field(name)
        except QueryError as error:
            if error.instead is None:
                slips.refuse_port_behind(self, name, start)
            raise marked(error, self.text, start, end, (*FIELDS, "var.NAME")) from None
        self.levels += len(found.path)
        if self.levels > MAX_LEVELS:
            self.fail(
                f"The variables in the query have over {MAX_LEVELS} levels in all.",
                start,
                end,
                "Use fewer variables.",
            )
        return found

    def operator_of(self, found: Field, op: str, start: int, end: int) -> None:
        try:
            found.check_operator(op)
        except QueryError as error:
            known = operators_of(found)
            raise marked(error, self.text, start, end, known) from None

    def comparison(self, found: Field, sign: re.Match[str]) -> Node:
        op = sign[0].lstrip(":").strip()
        if op in ("", "==", "!="):
            op = ast.EQUALS
        if sign[0] == ":":
            op = _short(found)
        self.operator_of(found, op, sign.start(), sign.end())
        self.take(sign.end())
        whole = self.match(_ALL_OR_NOTHING)
        if whole and sign[0] == ":" and op != ast.EQUALS:
            # Else notes would be searched for a star, or for the word.
            self.take(whole.end())
            unset = Term(found.name, ast.EMPTY)
            return negated(unset) if whole[1] else unset
        values = self.values(found, op)
        self.no_more()
        return self.any_value(found, op, values, negative=sign[0] == "!=")

    def listing(self, found: Field, start: int, *, negative: bool) -> Node:
        self.skip_blanks()
        if self.peek() == ")":
            self.note("value", self.position, found, op=_short(found))
            self.fail(
                "The list is empty.", start, self.position + 1, expected=("a value",)
            )
        values = self.values(found, _short(found), in_list=True)
        self.skip_blanks()
        if not self.at_end() and self.peek() != ")":
            self.fail(
                "Separate the values of a list with commas.",
                self.position,
                self.position + 1,
                expected=("“,”", "“)”"),
            )
        self.close(start, "This list is not closed.")
        return self.any_value(found, _short(found), values, negative=negative)

    def values(
        self, found: Field, op: str, *, in_list: bool = False
    ) -> list[str | None]:
        values = [self.value(found, op)]
        end = self.position
        while self.comma(in_list=in_list):
            if len(values) == MAX_VALUES:
                self.fail(
                    f"The list has more than {MAX_VALUES:,} values.",
                    self.position,
                    len(self.text),
                )
            values.append(self.value(found, op))
            end = self.position
        self.position = end
        return values

    def comma(self, *, in_list: bool) -> bool:
        self.skip_blanks()
        if not in_list:
            slips.refuse_condition_in_list(self, is_field)
        return self.take_sign(",")

    def value(self, found: Field, op: str) -> str | None:
        """Read one value; None for "none", which asks for hosts without one."""
        self.skip_blanks()
        start = self.position
        if self.at_quotation():
            # If it is never closed, this is what was typed so far.
            begun = self.text[start + 1 :]
            self.slots.append(Token("value", start, len(self.text), found, begun, op))
            value = found.kind.literal_text(op, self.quotation())
        else:
            value = "" if self.keyword() else self.chunk()
            if not value:
                self.note("value", start, found, op=op)
                self.no_value(found)
            self.take(start + len(value))
        self.note("value", start, found, value, op)
        slips.refuse_clock(self, found, value, start)
        bare = self.text[start] not in "\"'"
        if bare and op == ast.EQUALS and value.casefold() in _NOTHING:
            self.operator_of(found, ast.EMPTY, start, self.position)
            return None
        if bare and op == ast.EQUALS and _is_star(value):
            return "*"
        try:
            if not value.strip():
                raise QueryError(
                    "The quotes are empty.",
                    f"To find hosts without one, write “{found.name} is empty”.",
                )
            found.check_value(op, value)
        except QueryError as error:
            raise marked(
                error, self.text, start, self.position, found.kind.expected
            ) from None
        return value

    def any_value(
        self, found: Field, op: str, values: list[str | None], *, negative: bool
    ) -> Node:
        unset = Term(found.name, ast.EMPTY)
        parts: list[Node] = [unset] if None in values else []
        given = tuple(dict.fromkeys(value for value in values if value is not None))
        if op == ast.EQUALS and "*" in given:
            # Any value at all.
            known = negated(unset) if found.nullable else EVERYTHING
            parts = [EVERYTHING if parts else known]
        elif given:
            parts.insert(0, Term(found.name, op, given))
        node = any_of(*parts)
        return negated(node) if negative else node

    # -- places and errors

    def note(
        self,
        kind: str,
        start: int,
        found: Field | None = None,
        value: str = "",
        op: str = "",
    ) -> None:
        self.slots.append(Token(kind, start, self.position, found, value, op))

    def no_more(self) -> None:
        """Refuse what is at a word or value without a blank between."""
        char = self.peek()
        if not char or char.isspace() or char in "()":
            return
        here = self.position
        self.fail(
            f"{quoted(char)} is not allowed here.",
            here,
            here + 1,
            "Put a space before it, or the whole value in quotes.",
            expected=("a space", "“,”"),
        )

    def no_term(self) -> NoReturn:
        start, keyword = self.position, self.keyword()
        self.note("term", start)
        if self.at_end():
            self.ended("a field, a word, “not” or “(”", TERM_STARTS)
        wrong = keyword or self.peek()
        before = f"after “{self.last}”" if self.last else "at the beginning"
        self.fail(
            f"“{wrong}” is not allowed {before}.",
            start,
            start + len(wrong),
            "Write a field, a word, “not” or “(” there."
            + (f' To search for the word, write "{wrong}".' if keyword else ""),
            expected=TERM_STARTS,
        )

    def no_value(self, found: Field) -> NoReturn:
        expected = found.kind.expected
        if self.at_end():
            self.ended(f"a value of “{found.name}”", expected)
        start = self.position
        wrong = self.keyword() or self.peek()
        self.fail(
            f"A value of “{found.name}” is missing after “{self.last}”.",
            start,
            start + len(wrong),
            f"Put “{wrong}” in quotes if it is the value.",
            expected=expected,
        )

    def ended(self, wanted: str, expected: tuple[str, ...]) -> NoReturn:
        last = f"after “{self.last.strip()}”" if self.last else "here"
        end = len(self.text)
        self.fail(
            f"The query ends {last}; {wanted} was expected.",
            end,
            end,
            expected=expected,
        )


def _is_star(value: str) -> bool:
    return not isinstance(value, Quoted) and not value.strip("*")


def _short(found: Field) -> str:
    """Return what a colon means: equality, but for notes, which are only searched."""
    known = found.kind.operators
    return ast.EQUALS if ast.EQUALS in known else known[0]


def operators_of(found: Field) -> tuple[str, ...]:
    """Return the operators that a query can use with a field, as they are written."""
    known = found.kind.operators
    signs = (":", *known)
    # "=" says the same as a colon.
    if ast.EQUALS in known:
        signs = (":", "!=", *known[1:], "in")
    return (*signs, "is empty") if found.nullable else signs
