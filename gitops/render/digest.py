"""Canonical bytes of a set of manifests, and their digest.

In: rendered objects in any order. Out: bytes that are equal exactly when the manifests are; their
sha256. Where a manifest came from, and in which order, is not part of it. Values of Secrets enter
only through `keyed`, an HMAC the caller brings (architecture 2.1 rule 1: no plain digest of secret
content is stored or shown); this room holds no key.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from projects.kube import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitops.render.values import RenderedObject

_SECRET_FIELDS = ("data", "stringData")


def canonical(
    objects: Iterable[RenderedObject], *, keyed: Callable[[bytes], str] | None = None
) -> bytes:
    """Write the set as one text: sorted by what names an object, a line each.

    Raises: ValueError when there is a Secret among them and no key for it.
    """
    ordered = sorted(objects, key=lambda found: (found.ref.key, found.ref.version))
    lines = [manifests.canonical(_without_secrets(found.manifest, keyed)) for found in ordered]
    return b"\n".join(lines)


def digest(
    objects: Iterable[RenderedObject], *, keyed: Callable[[bytes], str] | None = None
) -> str:
    """Return `sha256:<hex>` of the canonical bytes.

    Raises: ValueError when there is a Secret among them and no key for it.
    """
    return "sha256:" + hashlib.sha256(canonical(objects, keyed=keyed)).hexdigest()


def _without_secrets(
    manifest: dict[str, Any], keyed: Callable[[bytes], str] | None
) -> dict[str, Any]:
    if not manifests.is_secret(manifest):
        return manifest
    if keyed is None:
        raise ValueError("a digest over a Secret needs a key")
    hidden = {
        field: keyed(manifests.canonical(manifest[field]))
        for field in _SECRET_FIELDS
        if field in manifest
    }
    return {**manifest, **hidden}
