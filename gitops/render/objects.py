"""From documents to objects: each with the place it came from.

In: the documents of one file. Out: RenderedObjects, lists (`kind: List`, `ConfigMapList`, ...)
taken apart as kubectl does, empty documents left out. ManifestInvalid names file, line and field
of what is no Kubernetes object at all; whether an object is allowed and well named is decided in
validate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops.render.values import RenderedObject, place
from projects.errors import Cause, Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable
from projects.kube.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops.render.yamlio import Document

# Lists in lists in lists are somebody's joke.
_DEEPEST_LIST = 5


class ManifestInvalid(Invalid):
    """A document that is not a Kubernetes object."""

    default_reason = Reason.MANIFEST_INVALID


def of_documents(documents: Iterable[Document], *, file: str) -> Iterator[RenderedObject]:
    """Yield the objects of a file in their order.

    Raises: ManifestInvalid.
    """
    for document in documents:
        if document.value is not None:
            yield from _of_value(
                document.value, file=file, line=document.line, item_lines=document.item_lines
            )


def of_manifest(manifest: Any, *, file: str, line: int) -> RenderedObject:
    """Name what one mapping describes.

    Raises: ManifestInvalid.
    """
    problem = _problem(manifest)
    if problem:
        where = place(file, line)
        message = f"{where}: {problem}"
        cause = Cause(message=message, field=where, reason=Reason.MANIFEST_INVALID)
        raise ManifestInvalid(message, causes=(cause,))
    return RenderedObject(manifest=manifest, ref=ObjectRef.of(manifest), file=file, line=line)


def _of_value(
    value: Any, *, file: str, line: int, item_lines: tuple[int, ...] = (), depth: int = 0
) -> Iterator[RenderedObject]:
    if not _is_list(value):
        yield of_manifest(value, file=file, line=line)
        return
    if depth >= _DEEPEST_LIST:
        problem = "a List in a List, too often; write the objects out"
        raise ManifestInvalid(f"{place(file, line)}: {problem}")
    for number, item in enumerate(value["items"] or ()):
        at = item_lines[number] if number < len(item_lines) else line
        yield from _of_value(item, file=file, line=at, depth=depth + 1)


def _is_list(value: Any) -> bool:
    if not isinstance(value, dict) or not str(value.get("kind") or "").endswith("List"):
        return False
    # A kind of somebody's own may end so too; without items it is an object like any other.
    return "items" in value and (value["items"] is None or isinstance(value["items"], list))


def _problem(manifest: Any) -> str:
    if not isinstance(manifest, dict):
        return "not a Kubernetes object; want a mapping with apiVersion, kind and metadata.name"
    metadata = manifest.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        return "metadata is not a mapping; want one with a name"
    metadata = metadata or {}
    if not metadata.get("name") and metadata.get("generateName"):
        return "metadata.generateName is not allowed: each apply would make another; want a name"
    fields = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace"),
    }
    for field, value in fields.items():
        if value is not None and not isinstance(value, str):
            return f"{field} is not text; put it in quotes"
        if not value and field != "metadata.namespace":
            kind = manifest.get("kind") if isinstance(manifest.get("kind"), str) else ""
            of = f" of this {printable(kind, 63)}" if kind and field != "kind" else ""
            return f"{field}{of} is missing; want apiVersion, kind and metadata.name"
    return ""
