"""Request paths and bodies of the Kubernetes API, from names that people chose.

In: a resource of discovery, a namespace, a name, a manifest. Out: a path no name can leave, and
JSON that an API server reads as the same value. Names that would be read as path syntax after
decoding are refused, not escaped, because an API server decodes before it splits (apimachinery
path.IsValidPathSegmentName).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from federation.member.errors import Rejected
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from federation.member.discovery import Resource
    from projects.kube.refs import ObjectRef

_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253
# What YAML reads otherwise than JSON inside quotes: line breaks, which it folds into spaces, and
# characters it does not allow. An apply patch is parsed as YAML, though ours is JSON. (C0 controls
# json escapes itself.)
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def collection(resource: Resource, namespace: str) -> str:
    """The path of all objects of a kind, in one namespace or ("") everywhere.

    Raises: Rejected when the namespace is not a name.
    """
    if not resource.namespaced or not namespace:
        return f"{resource.path}/{resource.name}"
    if not _NAMESPACE.fullmatch(namespace):
        raise _rejected(f"not a namespace: {namespace[:80]!r}; want a DNS label")
    return f"{resource.path}/namespaces/{namespace}/{resource.name}"


def one(resource: Resource, ref: ObjectRef) -> str:
    """The path of one object; whether a namespace belongs in it is said by the cluster.

    Raises: Rejected when namespace or name cannot be part of a path.
    """
    check_namespaced(resource, ref)
    name = ref.name
    if name in ("", ".", "..") or len(name) > _LONGEST_NAME or not name.isprintable():
        raise _rejected(f"not a name: {name[:80]!r}", ref)
    if "/" in name or "%" in name:
        raise _rejected(f"not a name: {name[:80]!r}; it may not hold '/' or '%'", ref)
    return f"{collection(resource, ref.namespace)}/{quote(name, safe=':@!$&()*+,;=~')}"


def check_namespaced(resource: Resource, ref: ObjectRef) -> None:
    """Refuse a namespaced object without a namespace: its path would mean all namespaces.

    Raises: Rejected.
    """
    if resource.namespaced and not ref.namespace:
        raise _rejected(f"{ref}: {ref.kind} lives in a namespace; want metadata.namespace", ref)


def encoded(value: Mapping[str, Any] | list[Any], ref: ObjectRef | None = None) -> bytes:
    """JSON that is also YAML of the same value.

    Raises: Rejected when it holds what JSON cannot say.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
    except (TypeError, ValueError, RecursionError) as error:
        where = f"{ref}: " if ref is not None else ""
        raise _rejected(f"{where}holds a value that is not JSON", ref) from error


def _rejected(message: str, ref: ObjectRef | None = None) -> Rejected:
    return Rejected(message, reason=Reason.MANIFEST_INVALID, ref=ref)
