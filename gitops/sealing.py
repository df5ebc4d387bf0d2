"""The stored form of rendered objects: canonical JSON, compressed, secret values sealed.

Each object is kept with its digest and the place it came from. data and stringData of Secrets are
replaced by one sealed text bound to the Kustomization, and their digest is an HMAC under the key
ring (architecture 2.1 rule 1).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projects import keys
from projects.kube import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projects.kube.manifest import Manifest

_SECRET_FIELDS = ("data", "stringData")
_SEALED = "slipway.dev/sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One rendered object in clear; digest identifies its content, file and line where it came
    from.
    """

    manifest: Manifest
    digest: str
    file: str
    line: int


def make(manifest: Manifest, *, file: str, line: int) -> Object:
    """Give a manifest its digest: sha256, or an HMAC where it holds secret values."""
    if manifests.is_secret(manifest):
        digest = keys.ring().digest(manifests.canonical(manifest))
    else:
        digest = manifests.digest(manifest)
    return Object(manifest=manifest, digest=digest, file=file, line=line)


def digest(objects: Sequence[Object]) -> str:
    """The digest of a set: it changes when any object does, not when their order does."""
    joined = "\n".join(sorted(found.digest for found in objects))
    return "sha256:" + hashlib.sha256(joined.encode()).hexdigest()


def pack(objects: Sequence[Object], *, binding: str) -> bytes:
    """Make the stored form."""
    rows = [
        {
            "manifest": _sealed(found.manifest, binding),
            "digest": found.digest,
            "file": found.file,
            "line": found.line,
        }
        for found in objects
    ]
    return zlib.compress(manifests.canonical(rows), level=3)


def unpack(stored: bytes, *, binding: str) -> tuple[Object, ...]:
    """Read the stored form, opening sealed values: for the apply shell only (2.1 rule 10).

    Raises: CredentialUndecryptable.
    """
    return tuple(
        Object(
            manifest=_opened(row["manifest"], binding),
            digest=row["digest"],
            file=row["file"],
            line=row["line"],
        )
        for row in json.loads(zlib.decompress(bytes(stored)))
    )


def _sealed(manifest: Manifest, binding: str) -> Manifest:
    values = {field: manifest[field] for field in _SECRET_FIELDS if field in manifest}
    if not manifests.is_secret(manifest) or not values:
        return manifest
    rest = {key: value for key, value in manifest.items() if key not in values}
    return {**rest, _SEALED: keys.ring().seal(values, binding=f"DesiredState/{binding}")}


def _opened(manifest: dict[str, Any], binding: str) -> dict[str, Any]:
    sealed = manifest.pop(_SEALED, None)
    if sealed is not None:
        manifest.update(keys.ring().open(sealed, binding=f"DesiredState/{binding}"))
    return manifest
