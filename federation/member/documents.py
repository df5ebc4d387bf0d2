"""A kubeconfig text as plain mappings, lists and strings.

In: text from a person. Out: a tree of dict, list, str, bool and None. Scalars stay as they are
written, except null and booleans, so a token of digits is still a token. Refused with the line:
tags, anchors and aliases, keys given twice, a second document, more than 256 KiB or 20 levels.
PyYAML's constructors never run; the events of its parser are folded here (a second reader than
gitops.render's, which must type scalars as Kubernetes does, where this one must not type them at
all).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from federation.member.errors import AccessInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 256 * 1024
_DEEPEST = 20
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_FIELD = "kubeconfig"


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; `key` is the mapping key that waits for its value."""

    value: dict[str, Any] | list[Any]
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    root: Any = None
    documents: int = 0
    stack: list[_Open] = field(default_factory=list)

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _invalid(line, "a second document; want one")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._put(self.stack.pop().value, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            raise _invalid(line, "anchors and aliases are not read")
        if getattr(event, "tag", None) is not None:
            raise _invalid(line, "tags are not read")
        if isinstance(event, yaml.ScalarEvent):
            self._put(_scalar(event), line)
            return
        if len(self.stack) >= _DEEPEST:
            raise _invalid(line, f"more than {_DEEPEST} levels")
        self._refuse_as_key(line)
        self.stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else []))

    def _put(self, value: Any, line: int) -> None:
        if not self.stack:
            self.root = value
            return
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is None:
            if not isinstance(value, str) or value in parent.value:
                raise _invalid(line, "a key that is given twice or is not a text")
            parent.key = value
        else:
            parent.value[parent.key] = value
            parent.key = None

    def _refuse_as_key(self, line: int) -> None:
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise _invalid(line, "a key that is not a text")


def read(text: str) -> dict[str, Any]:
    """Read one YAML (or JSON) mapping.

    Raises: AccessInvalid with the line.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise AccessInvalid(_FIELD, "not UTF-8 text") from error
    if size > LONGEST:
        raise AccessInvalid(_FIELD, f"{size} bytes; want at most {LONGEST}")
    reader = _Reader()
    for event in _events(text):
        reader.take(event)
    if not isinstance(reader.root, dict):
        raise AccessInvalid(_FIELD, "not a mapping; want a kubeconfig")
    return reader.root


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        # The library's own sentence may quote the text, which holds secrets; the line is enough.
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(line, "not YAML") from None
    except yaml.YAMLError:
        raise AccessInvalid(_FIELD, "not YAML: it holds control characters") from None


def _scalar(event: yaml.ScalarEvent) -> str | bool | None:
    value: str = event.value
    if event.implicit[0] and value.lower() in _WORDS:  # plain, not quoted
        return _WORDS[value.lower()]
    return value


def _invalid(line: int, problem: str) -> AccessInvalid:
    return AccessInvalid(_FIELD, f"line {line}: {problem}")
