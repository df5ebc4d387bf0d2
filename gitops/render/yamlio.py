"""YAML in and out, read as Kubernetes reads it and refused where it could be read in two ways.

In: the bytes of a file (YAML or JSON, any number of documents). Out: one Document per document,
plain JSON values inside, with the line it begins at; `dump_all` goes back to text that Kubernetes
and we read alike. Every fault is a YamlError with file, line and document. Duplicate keys are
refused, aliases are counted, depth is bounded, tags are the core ones only (events, nodes,
scalars). This room does not know what a manifest is, opens no file, and builds nothing but JSON
values. Messages name keys, anchors and tags, never values: those may be secret.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from yaml._yaml import CParser  # C or nothing: pure Python needs 15 s for 1 MB of hostile text
from yaml.reader import ReaderError

from gitops.render import scalars
from gitops.render.events import Builder
from gitops.render.nodes import NodeError
from gitops.render.values import place
from projects.errors import Cause, Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 100
_BOM = "\ufeff"
_STRING_TAG = scalars.TAG_PREFIX + "str"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a file.

    index counts from 1; item_lines are the lines of a List's items (none when it is JSON); aliased
    is how many characters its aliases stand for.
    """

    value: Any
    line: int
    index: int
    item_lines: tuple[int, ...] = ()
    aliased: int = 0


class YamlError(Invalid):
    """A text that is not the YAML or JSON of a manifest."""

    default_reason = Reason.MANIFEST_INVALID

    def __init__(self, problem: str, *, file: str, line: int = 0, document: int = 0) -> None:
        where = place(file, line)
        nth = f" (document {document})" if document > 1 else ""
        message = f"{where}: {printable(problem, 500)}{nth}"
        cause = Cause(message=message, field=where, reason=self.default_reason)
        super().__init__(message, causes=(cause,))
        self.problem = printable(problem, 500)
        self.file = file
        self.line = line
        self.document = document


def load_all(data: bytes, *, file: str) -> tuple[Document, ...]:
    """Read every document, empty ones included (their value is None).

    Raises: YamlError.
    """
    text = _decode(data, file=file)
    if text.lstrip()[:1] == "{":
        try:
            return (_load_json(text),)
        except (ValueError, RecursionError):
            # Flow-style YAML begins like JSON; and the YAML parser can name the line of a fault.
            return _load_yaml(text, file=file)
    return _load_yaml(text, file=file)


def load(data: bytes, *, file: str) -> Any:
    """Read a file of one document; None when it is empty, refused when there is a second one.

    Raises: YamlError.
    """
    documents = [document for document in load_all(data, file=file) if document.value is not None]
    if len(documents) > 1:
        second = documents[1]
        problem = "a second document; want one"
        raise YamlError(problem, file=file, line=second.line, document=second.index)
    return documents[0].value if documents else None


def dump_all(values: Iterable[Any]) -> str:
    """Write values as YAML: keys sorted, no aliases, quoted where Kubernetes would misread."""
    text = yaml.dump_all(
        values,
        Dumper=_Dumper,
        sort_keys=True,
        allow_unicode=True,
        default_flow_style=False,
        width=2**20,
    )
    return str(text)


def _decode(data: bytes, *, file: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError("not UTF-8 text; want UTF-8", file=file, line=line) from error
    return text.removeprefix(_BOM)


def _load_yaml(text: str, *, file: str) -> tuple[Document, ...]:
    builder = Builder(max_depth=MAX_DEPTH)
    try:
        parser = CParser(text)
        while builder.feed(parser.get_event()):
            pass
    except (NodeError, yaml.YAMLError, ValueError) as error:
        problem, line = _told(error, text)
        raise YamlError(problem, file=file, line=line, document=builder.index) from error
    return tuple(
        Document(
            value=built.value,
            line=built.line,
            index=number,
            item_lines=built.item_lines,
            aliased=built.aliased,
        )
        for number, built in enumerate(builder.documents, start=1)
    )


def _told(error: Exception, text: str) -> tuple[str, int]:
    """Say what a parser's error means, and at which line."""
    if isinstance(error, NodeError):
        return str(error), error.line
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        return f"not YAML: {error.problem or error.context}", line
    if isinstance(error, ReaderError):
        line = text.encode().count(b"\n", 0, max(error.position, 0)) + 1
        return f"{error.reason}; want printable characters", line
    return "not YAML", 0


def _load_json(text: str) -> Document:
    """Read a JSON file, some twenty times as fast as YAML; every kind of fault is a ValueError."""
    value = json.loads(
        text,
        object_pairs_hook=_unique,
        parse_int=scalars.integer,
        parse_float=_json_float,
        parse_constant=_no_constant,
    )
    _check_json(value)
    blank = len(text) - len(text.lstrip())
    return Document(value=value, line=text.count("\n", 0, blank) + 1, index=1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _json_float(digits: str) -> int | float:
    return scalars.number(float(digits))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_json(value: Any) -> None:
    """Walk level by level: not too many levels, no character that UTF-8 or a database refuses."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str) and not _is_text(item):
                raise ValueError("a character that is none")
        if not below:
            return
        level = below
    raise ValueError("too deep")


def _is_text(text: str) -> bool:
    """Tell whether a string has neither NUL nor a lone surrogate, which only JSON can spell."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


class _Dumper(yaml.CSafeDumper):
    """PyYAML's emitter, told which words Kubernetes takes for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"'
    if "\n" in text:
        style = "|"
    elif _reads_as_text(text):
        style = ""
    return dumper.represent_scalar(_STRING_TAG, str(text), style=style)


def _reads_as_text(text: str) -> bool:
    try:
        return scalars.resolve(text) == text
    except scalars.ScalarError:
        return False


# Twice: for text itself, and for what is text besides (members of a StrEnum).
_Dumper.add_representer(str, _represent_text)
_Dumper.add_multi_representer(str, _represent_text)
