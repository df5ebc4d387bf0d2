"""Building JSON values out of YAML parser events, within bounds.

In: libyaml's events, one at a time. Out: per document its value, its first line, the lines of the
entries of a top-level `items` sequence, and how much its aliases stood for. NodeError (with a
line) is raised at the first thing a manifest may not hold: duplicate or non-scalar keys, foreign
tags, too deep nesting, aliases that stand for too much or for themselves (CVE-2019-11253). The
stack is ours, so that hostile nesting costs one frame a level and ends at the bound. This module
knows no files and judges no manifests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yaml import events as ev

from gitops.render import scalars
from gitops.render.nodes import NODE_WEIGHT, Anchored, Mapping, NodeError, Sequence, copy_of
from projects.kube.masking import printable

# What all aliases of a file may weigh: no object may be larger anyway.
MAX_ALIASED = 1 << 20
_MERGE_KEY = "<<"
_NON_SPECIFIC_TAG = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One document as it was built."""

    value: Any
    line: int
    item_lines: tuple[int, ...]
    aliased: int


class Builder:
    """Feed it every event of a stream; read `documents` when feed answers False."""

    def __init__(self, *, max_depth: int) -> None:
        self.documents: list[Built] = []
        self.index = 0
        self._max_depth = max_depth
        self._stack: list[Mapping | Sequence] = []
        # None while the anchored node is still open: an alias to it would contain itself.
        self._anchors: dict[str, Anchored | None] = {}
        self._aliased = 0
        self._aliased_before = 0
        self._item_lines: list[int] = []
        self._root: Any = None
        self._line = 0

    def feed(self, event: Any) -> bool:
        """Take one event; False at the end of the stream.

        Raises: NodeError.
        """
        kind = type(event)
        if kind is ev.ScalarEvent:
            self._scalar(event)
        elif kind is ev.MappingStartEvent or kind is ev.SequenceStartEvent:
            self._open(event, is_mapping=kind is ev.MappingStartEvent)
        elif kind is ev.MappingEndEvent or kind is ev.SequenceEndEvent:
            self._close()
        elif kind is ev.AliasEvent:
            self._alias(event)
        elif kind is ev.DocumentStartEvent:
            self._begin_document(event)
        elif kind is ev.DocumentEndEvent:
            self._end_document()
        return kind is not ev.StreamEndEvent

    def _begin_document(self, event: Any) -> None:
        self.index += 1
        self._anchors = {}
        self._aliased_before = self._aliased
        self._item_lines = []
        self._root = None
        self._line = event.start_mark.line + 1

    def _end_document(self) -> None:
        built = Built(
            value=self._root,
            line=self._line,
            item_lines=tuple(self._item_lines),
            aliased=self._aliased - self._aliased_before,
        )
        self.documents.append(built)

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        line = event.start_mark.line + 1
        if "\0" in text:
            raise NodeError("a NUL character; no field of Kubernetes takes one", line=line)
        top = self._stack[-1] if self._stack else None
        is_plain = event.tag is None and event.implicit[0]
        keyed = top if isinstance(top, Mapping) and top.key is None else None
        try:
            if keyed is not None and is_plain and text == _MERGE_KEY:
                keyed.begin_merge()
                return
            if keyed is not None:
                keyed.begin(_key(event, text, is_plain=is_plain), line)
                if event.anchor is None:
                    return
            value = scalars.resolve(text) if is_plain else _explicit(event, text)
        except scalars.ScalarError as error:
            raise NodeError(str(error), line=line) from error
        if event.anchor is not None:
            self._anchors[event.anchor] = Anchored(
                value=value, weight=len(text) + NODE_WEIGHT, height=0
            )
        if keyed is None:
            self._add(value, line, weight=len(text) + NODE_WEIGHT, height=0)

    def _open(self, event: Any, *, is_mapping: bool) -> None:
        line = event.start_mark.line + 1
        top = self._stack[-1] if self._stack else None
        if isinstance(top, Mapping) and top.key is None:
            raise NodeError("a mapping or list as a key; want text", line=line)
        if len(self._stack) >= self._max_depth:
            raise NodeError(f"nested deeper than {self._max_depth} levels", line=line)
        _check_tag(event, ("map",) if is_mapping else ("seq",))
        if not self._stack:
            self._line = line
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if is_mapping:
            self._stack.append(Mapping(event.anchor, line))
            return
        is_items = len(self._stack) == 1 and isinstance(top, Mapping) and top.key == "items"
        lines = self._item_lines if is_items else None
        self._stack.append(Sequence(event.anchor, line, lines=lines))

    def _close(self) -> None:
        node = self._stack.pop()
        if node.anchor is not None:
            anchored = Anchored(value=node.value, weight=node.weight, height=node.height)
            self._anchors[node.anchor] = anchored
        self._add(node.value, node.line, weight=node.weight, height=node.height)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        anchored = self._anchored(event.anchor, line)
        self._aliased += anchored.weight
        if self._aliased > MAX_ALIASED:
            problem = f"aliases stand for more than {MAX_ALIASED} characters; write them out"
            raise NodeError(problem, line=line)
        if len(self._stack) + anchored.height > self._max_depth:
            raise NodeError(f"nested deeper than {self._max_depth} levels by an alias", line=line)
        top = self._stack[-1]
        if isinstance(top, Mapping) and top.key is None:
            top.begin(_alias_key(anchored.value, line), line)
            return
        value = copy_of(anchored.value)
        self._add(value, line, weight=anchored.weight, height=anchored.height)

    def _anchored(self, name: str, line: int) -> Anchored:
        shown = repr(printable(name, 100))
        if name not in self._anchors:
            raise NodeError(f"unknown anchor {shown}; define it above", line=line)
        anchored = self._anchors[name]
        if anchored is None:
            raise NodeError(f"the anchor {shown} contains itself", line=line)
        return anchored

    def _add(self, value: Any, line: int, *, weight: int, height: int) -> None:
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        top.weight += weight
        if height >= top.height:
            top.height = height + 1
        top.add(value, line)


def _key(event: Any, text: str, *, is_plain: bool) -> str:
    return scalars.plain_key(text) if is_plain else scalars.key(_explicit(event, text))


def _explicit(event: Any, text: str) -> scalars.Scalar:
    """Read a quoted or tagged scalar."""
    if event.tag is None or event.tag == _NON_SPECIFIC_TAG:
        return text
    _check_tag(event, scalars.TAGGED_AS)
    return scalars.resolve_tagged(text, event.tag)


def _check_tag(event: Any, names: tuple[str, ...]) -> None:
    tag = event.tag
    if tag is None or tag == _NON_SPECIFIC_TAG:
        return
    if tag not in [scalars.TAG_PREFIX + name for name in names]:
        wanted = ", ".join(f"!!{name}" for name in names)
        problem = f"the tag {printable(tag, 100)!r}; want none or {wanted}"
        raise NodeError(problem, line=event.start_mark.line + 1)


def _alias_key(value: Any, line: int) -> str:
    if isinstance(value, dict | list):
        raise NodeError("a mapping or list as a key; want text", line=line)
    try:
        return scalars.key(value)
    except scalars.ScalarError as error:
        raise NodeError(str(error), line=line) from error
