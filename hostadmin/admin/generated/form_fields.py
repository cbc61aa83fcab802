"""Form fields: how lists and variables look in a text box. Rules live in values.py."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField, SelectField, StringField, TextAreaField

from ...errors import InvalidValue
from ...validation.numbers import MAX_ID, whole_number
from ...validation.values import STATUSES, HostStatus
from ...validation.yaml_vars import parse_vars, print_vars


class TextField(StringField):
    """One line of text; nothing typed is None."""

    data: str | None

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = valuelist[0] or None

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


class NotesField(TextAreaField):
    """Text over several lines, kept exactly."""

    data: str | None

    def process(
        self, formdata: Any, data: Any = None, extra_filters: Any = None
    ) -> None:
        super().process(formdata, data, extra_filters)
        # Browsers send every line end as CR LF, whatever stood there before.
        if formdata is not None and isinstance(self.data, str):
            old = self.object_data if isinstance(self.object_data, str) else ""
            same = _unix(self.data) == _unix(old)
            self.data = old if same else _unix(self.data)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _ListField(StringField):
    """Several values in one box. What was typed is shown again after an error."""

    separators = ","
    joiner = ", "
    typed: str | None = None

    def __init__(self, *args: Any, allow_blank: bool = True, **kwargs: Any) -> None:
        # Flask-Admin gives allow_blank to every field of a relation.
        super().__init__(*args, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.typed = str(valuelist[0])
            text = self.typed
            for separator in self.separators[1:]:
                text = text.replace(separator, self.separators[0])
            parts = text.split(self.separators[0])
            self.data = [part for part in parts if part.strip(" \t")]
        else:
            # Not sent: it stays as it is. The rules want names, not rows.
            self.data = [str(item) for item in self.data or ()]

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        items: Iterable[object] = self.data or ()
        return self.joiner.join(str(item) for item in items)


class NamesField(_ListField):
    """Names of groups with commas between, which no group name has."""


class WordsField(_ListField):
    """Addresses with blanks or commas between."""

    separators = " ,\t\r\n"
    joiner = " "


class LinesField(_ListField, TextAreaField):
    """Names that may hold blanks and commas: one a line."""

    separators = "\n\r"
    joiner = "\n"


class StatusField(SelectField):
    """One of the known statuses; others are refused by the rules, not here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("choices", list(STATUSES))
        kwargs.setdefault("validate_choice", False)
        super().__init__(*args, coerce=self._text, **kwargs)

    @staticmethod
    def _text(value: object) -> str:
        return value.value if isinstance(value, HostStatus) else str(value or "")


class VarsField(TextAreaField):
    """Variables as YAML or JSON text; an error names the line."""

    typed: str | None = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.typed = str(valuelist[0])
            try:
                self.data = parse_vars(_unix(self.typed))
            except InvalidValue as error:
                raise ValueError(str(error)) from None

    def _value(self) -> str:
        return print_vars(self.data or {}) if self.typed is None else self.typed


def seen_version(text: str) -> int:
    """Return the version that a writer saw; what is forged was never seen."""
    return whole_number(text, 0, MAX_ID) or 0


class VersionField(HiddenField):
    """The version that the writer saw; missing or forged counts as never seen."""

    @property
    def number(self) -> int:
        return seen_version(str(self.data or ""))
