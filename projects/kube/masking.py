"""Taking secret values out of what is shown or stored: manifests, messages, logs.

Masked values still tell whether two were equal only when asked to (`changed`), never what they
were.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from projects.kube import manifest as manifests

MASK = "**SECRET**"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/@\s]+@")
# Shorter values would blank out half of every sentence.
_SHORTEST_SCRUBBED = 4


def mask(manifest: manifests.Manifest) -> dict[str, Any]:
    """Replace the values of a Secret by a mask, and drop kubectl's copy in an annotation."""
    masked = dict(manifest)
    if not manifests.is_secret(manifest):
        return masked
    for field in ("data", "stringData"):
        values = manifest.get(field)
        if isinstance(values, Mapping):
            masked[field] = dict.fromkeys(values, MASK)
        elif values is not None:
            masked[field] = MASK
    annotations = {
        key: value
        for key, value in manifests.annotations_of(manifest).items()
        if key != LAST_APPLIED
    }
    meta = {
        key: value for key, value in manifests.metadata(manifest).items() if key != "managedFields"
    }
    if "annotations" in meta:
        meta["annotations"] = annotations
    return {**masked, "metadata": meta}


def forms(secret: str) -> tuple[str, ...]:
    """The spellings a value may appear in: itself, base64 (padded or cut), URL-encoded."""
    encoded = base64.b64encode(secret.encode()).decode()
    found = {secret, encoded, encoded.rstrip("="), quote(secret, safe="")}
    return tuple(
        sorted((form for form in found if len(form) >= _SHORTEST_SCRUBBED), key=len, reverse=True)
    )


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Remove given secret values in every spelling, and user:password@ of any URL, from a text."""
    for secret in secrets:
        for form in forms(secret):
            text = text.replace(form, MASK)
    return _USERINFO.sub(lambda match: match["scheme"], text)


def printable(text: str, limit: int = 1000) -> str:
    """One line of bounded length without control or direction characters, fit for a log or an
    event.
    """
    clean = "".join(char if char.isprintable() else " " for char in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
