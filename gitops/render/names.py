"""Which names the API server takes, broadly.

In: the parts of a manifest that name and label it. Out: sentences that say what is wrong, none
when all is well. The rules are apimachinery's (pkg/api/validation/name.go, pkg/util/validation);
where versions of Kubernetes differ the wider rule stands, because the server has the last word and
says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from projects.kube.masking import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projects.kube.refs import ObjectRef

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_LONGEST_LABEL = 63
_LONGEST_SUBDOMAIN = 253
_MAX_ANNOTATIONS = 256 * 1024
_RBAC = "rbac.authorization.k8s.io"
# Core kinds whose names become host names of one part.
_LABEL_KINDS = frozenset({("", "Namespace"), ("", "Service")})
# Named by the address itself, which may hold colons.
_FREE_KINDS = frozenset({("networking.k8s.io", "IPAddress")})


def problems(manifest: Mapping[str, Any], ref: ObjectRef) -> Iterator[str]:
    """Yield what the server would not take."""
    if ref.group and not _is_subdomain(ref.group):
        yield f"apiVersion {_shown(ref.gvk.api_version)} has no group name in it"
    if not _is_label(ref.version):
        yield f"apiVersion {_shown(ref.gvk.api_version)} has no version in it; want v1 or apps/v1"
    if not _KIND.fullmatch(ref.kind) or len(ref.kind) > _LONGEST_LABEL:
        yield f"kind {_shown(ref.kind)} is not a kind; want letters and digits"
    yield from _of_name(ref)
    if ref.namespace and not _is_label(ref.namespace):
        yield f"metadata.namespace {_shown(ref.namespace)} is not a DNS label"
    metadata = manifest.get("metadata")
    if isinstance(metadata, Mapping):
        if metadata.get("generateName"):
            yield "metadata.generateName is not allowed; want metadata.name alone"
        yield from _of_map(metadata, "labels")
        yield from _of_map(metadata, "annotations")


def _of_name(ref: ObjectRef) -> Iterator[str]:
    name = ref.name
    if ref.group == _RBAC or (ref.group, ref.kind) in _FREE_KINDS:
        # A segment of a path, and no more than that.
        if name in (".", "..") or "/" in name or "%" in name or not name.isprintable():
            yield f"metadata.name {_shown(name)} may not be . or .. or hold / or %"
    elif (ref.group, ref.kind) in _LABEL_KINDS:
        if not _is_label(name):
            yield (
                f"metadata.name {_shown(name)} is not a DNS label; want at most 63 lower case "
                "letters, digits and dashes"
            )
    elif not _is_subdomain(name):
        yield (
            f"metadata.name {_shown(name)} is not a DNS name; want at most 253 lower case "
            "letters, digits, dashes and dots"
        )


def _of_map(metadata: Mapping[str, Any], field: str) -> Iterator[str]:
    values = metadata.get(field)
    if values is None:
        return
    if not isinstance(values, Mapping):
        yield f"metadata.{field} is not a mapping of text to text"
        return
    for key, value in values.items():
        if not _is_qualified(key):
            yield f"metadata.{field} has the key {_shown(key)}; want [prefix/]name"
        if not isinstance(value, str):
            yield f"metadata.{field}: the value of {_shown(key)} is not text; put it in quotes"
        elif field == "labels" and value and not _is_qualified(value, prefixed=False):
            yield (
                f"metadata.labels: the value of {_shown(key)} is not a label; want at most 63 "
                "letters, digits, dashes, dots and underscores"
            )
    size = sum(len(key) + len(str(value)) for key, value in values.items())
    if field == "annotations" and size > _MAX_ANNOTATIONS:
        yield f"metadata.annotations have {size} bytes; the limit is {_MAX_ANNOTATIONS}"


def _is_label(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and bool(_LABEL.fullmatch(text))


def _is_subdomain(text: str) -> bool:
    return len(text) <= _LONGEST_SUBDOMAIN and bool(_SUBDOMAIN.fullmatch(text))


def _is_qualified(text: str, *, prefixed: bool = True) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not (prefixed and _is_subdomain(prefix)):
        return False
    return len(name) <= _LONGEST_LABEL and bool(_QUALIFIED.fullmatch(name))


def _shown(text: str) -> str:
    return repr(printable(text, 100))
