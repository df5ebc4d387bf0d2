"""Where kustomize says an object came from.

In: an object as it was built, with kustomize's origin annotation. Out: the file in git's form, and
the object without the annotation. The format is that of sigs.k8s.io/kustomize
api/resource/origin.go: `path` for what was read from a file, `configuredIn` for what a generator
made, both relative to the directory that was built. An origin that cannot be read is no fault: the
caller has a fallback.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gitops.render import yamlio

ANNOTATION = "config.kubernetes.io/origin"


def file_of(manifest: Any, *, built: Path, root: Path) -> str:
    """Return the file an object came from, relative to the root of the tree; "" when unknown."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    if not isinstance(text, str):
        return ""
    try:
        origin = yamlio.load(text.encode(), file="origin")
    except (yamlio.YamlError, UnicodeEncodeError):
        return ""
    if not isinstance(origin, dict):
        return ""
    path = origin.get("path") or origin.get("configuredIn")
    if not isinstance(path, str):
        return ""
    resolved = Path(os.path.normpath(built / path))
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else ""


def without(manifest: Any) -> Any:
    """Take the annotation off, and with it the mapping that held nothing else."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        return manifest
    if ANNOTATION not in annotations:
        return manifest
    kept = {key: value for key, value in annotations.items() if key != ANNOTATION}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**manifest, "metadata": {**rest, "annotations": kept} if kept else rest}
