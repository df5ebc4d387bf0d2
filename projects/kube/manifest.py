"""Reading and rewriting a manifest: a Kubernetes object as a mapping.

Manifests are values: every function that changes one returns a new one and leaves its argument
alone. Nothing here judges a manifest; that is gitops.render.validate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]

# Set by the API server; meaningless or harmful in what we send (kubectl's own list, and Flux's).
SERVER_METADATA = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def metadata(manifest: Manifest) -> Mapping[str, Any]:
    value = manifest.get("metadata")
    return value if isinstance(value, Mapping) else {}


def labels(manifest: Manifest) -> Mapping[str, str]:
    return metadata(manifest).get("labels") or {}


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    return metadata(manifest).get("annotations") or {}


def uid(manifest: Manifest) -> str:
    return str(metadata(manifest).get("uid") or "")


def is_secret(manifest: Manifest) -> bool:
    """Tell whether this is a core Secret, whose data may not be shown or stored in clear."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def with_labels(manifest: Manifest, extra: Mapping[str, str]) -> dict[str, Any]:
    """Add labels, ours winning."""
    merged = {**labels(manifest), **extra}
    return {**manifest, "metadata": {**metadata(manifest), "labels": merged}}


def with_namespace(manifest: Manifest, namespace: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**metadata(manifest), "namespace": namespace}}


def without_server_fields(manifest: Manifest) -> dict[str, Any]:
    """Drop status and what only the server sets."""
    kept = {key: value for key, value in metadata(manifest).items() if key not in SERVER_METADATA}
    rest = {key: value for key, value in manifest.items() if key not in ("status", "metadata")}
    return {**rest, "metadata": kept}


def canonical(value: Any) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """`sha256:<hex>` of the canonical form. Not for secret content: that wants an HMAC
    (projects.crypto).
    """
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()
