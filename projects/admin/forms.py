"""Forms whose fields go to one operation.

In: what staff type. Out: cleaned values. A form here never touches its instance: the operation
changes the row, and what it refuses comes back as errors of the fields it names. What is typed into
a write-only field is not sent back to the browser, not even when the form is shown again.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin import widgets

if TYPE_CHECKING:
    from projects.errors import DomainError

_HEAD = re.compile(r"[.\[]")


class OperationForm(forms.ModelForm):
    """The base of all forms of the admin."""

    # What an operation refused when the form was sent, set by the model admin.
    refused: ClassVar[DomainError | None] = None
    # Fields of this form by the first word of the field an operation names.
    wire: ClassVar[dict[str, str]] = {}

    class Meta:
        fields = ()

    def _post_clean(self) -> None:
        """Leave the instance alone, and show what the operation refused."""
        if self.refused is None or self.errors:
            return
        for cause in self.refused.causes:
            head = _HEAD.split(cause.field)[0]
            name = self.wire.get(head, head)
            known = name in self.fields
            self.add_error(name if known else None, cause.message if known else str(self.refused))
        if not self.refused.causes:
            self.add_error(None, self.refused.message)

    def save(self, commit: bool = True) -> Any:
        """Refuse: operations write."""
        raise RuntimeError("a form of the admin was saved; call an operation")


class WriteOnlyTextarea(forms.Textarea):
    """A text area that forgets what was typed."""

    def format_value(self, value: Any) -> str:
        return ""


class Lines(forms.CharField):
    """A list of texts, one on each line."""

    widget = widgets.AdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


class Labels(Lines):
    """Labels, one key=value on each line."""

    def to_python(self, value: Any) -> Any:
        lines = super().to_python(value)
        pairs = [line.partition("=") for line in lines]
        if any(not sign for _, sign, _ in pairs):
            raise forms.ValidationError("want one key=value on each line")
        return {key.strip(): value.strip() for key, _, value in pairs}

    def has_changed(self, _initial: Any, data: Any) -> bool:
        return bool(data)


class JsonObject(forms.CharField):
    """A JSON object; errors never quote it."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError("is not JSON") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("is not a JSON object")
        return found

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2) if isinstance(value, dict) else value
