"""Strict input and plain output: what the serializers of the REST doors are made of.

Names are snake_case here and camelCase on the wire, by rule and not by repetition. Input takes the
type it asks for and no other, and refuses every field it does not know by name; DRF alone would
turn 5 into "5", "no" into False, and pass over a misspelt field in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework import serializers

from projects.kube import masking

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,6})s)?")
_LABEL_KEY = re.compile(
    r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_MOST_LABELS = 64


class _Wire(serializers.Serializer):
    """A serializer whose fields are camelCase on the wire."""

    def get_fields(self) -> dict[str, serializers.Field]:
        found = {}
        for name, field in super().get_fields().items():
            on_the_wire = camel(name)
            if on_the_wire != name and field.source is None:
                field.source = name
            found[on_the_wire] = field
        return found


class Output(_Wire):
    """What is shown: read from frozen dataclasses, never from rows."""


class Input(_Wire):
    """What is asked for: an object with the fields named here and no others."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "want an object"}

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields) or "none"
            said = f"is not a field here; the fields are: {known}"
            names = [masking.printable(str(name), limit=100) for name in unknown]
            raise serializers.ValidationError({name: [said] for name in names})
        return super().to_internal_value(data)


class Nothing(Input):
    """The body of an action that takes no arguments."""


class Text(serializers.CharField):
    """A text as it was sent: numbers are no texts, spaces are kept."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "want a text"}

    def __init__(self, *, max_length: int, **more: Any) -> None:
        more.setdefault("allow_blank", not more.get("required", True))
        super().__init__(max_length=max_length, trim_whitespace=False, **more)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class OneOf(Text):
    """One of a few words."""

    def __init__(self, *, words: Sequence[str], **more: Any) -> None:
        super().__init__(max_length=100, allow_blank=False, **more)
        self._words = tuple(words)

    def to_internal_value(self, data: Any) -> str:
        if data not in self._words:
            raise serializers.ValidationError(f"want one of: {', '.join(self._words)}")
        return super().to_internal_value(data)


class Truth(serializers.BooleanField):
    """true or false; "yes" and 1 are neither."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "want true or false"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="")
        return data


class Moment(serializers.DateTimeField):
    """RFC 3339 with a time zone or, without one, in UTC."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": 'want a time such as "2030-01-31T12:00:00Z"',
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", format="")
        return super().to_internal_value(data)


class Duration(serializers.Field):
    """Go's duration in whole seconds, as Flux writes intervals: "60s", "5m", "1h30m"."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": 'want a duration such as "60s", "5m" or "1h30m"',
    }

    def to_internal_value(self, data: Any) -> int:
        match = _DURATION.fullmatch(data) if isinstance(data, str) else None
        if match is None or not data:
            self.fail("invalid")
        hours, minutes, seconds = (int(match[unit] or 0) for unit in "hms")
        return hours * 3600 + minutes * 60 + seconds

    def to_representation(self, value: int) -> str:
        return f"{value}s"


class Texts(serializers.DictField):
    """An object of text to text. Errors name the key and never quote a value."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "not_a_dict": "want an object of text to text",
    }

    def __init__(self, *, longest_key: int, longest_value: int, **more: Any) -> None:
        super().__init__(child=Text(max_length=longest_value, allow_blank=True), **more)
        self._key = Text(max_length=longest_key)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type="")
        for key in data:
            self._key.run_validation(key)
        return super().to_internal_value(data)


class Labels(Texts):
    """Kubernetes labels."""

    def __init__(self, **more: Any) -> None:
        super().__init__(longest_key=317, longest_value=63, **more)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        found = super().to_internal_value(data)
        if len(found) > _MOST_LABELS:
            raise serializers.ValidationError(f"at most {_MOST_LABELS} labels are kept")
        for key, value in found.items():
            if not _LABEL_KEY.fullmatch(key):
                raise serializers.ValidationError({key: ["is not a label name"]})
            if not _LABEL_VALUE.fullmatch(value):
                raise serializers.ValidationError(
                    {key: ["want a label value: letters, digits, -_."]}
                )
        return found


def camel(name: str) -> str:
    """display_name -> displayName."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
