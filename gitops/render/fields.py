"""The fields of a kustomization that name something outside the file they stand in.

In: the content of a kustomization file. Out: its References, in order, each with the words to
blame it by. FeatureNotAllowed: charts, and every field this module does not know, so that a newer
kustomize cannot bring one that reads files behind our back. kustomize matches field names without
regard to case (Go's encoding/json: with its Unicode folding), and so must we. The list is
that of sigs.k8s.io/kustomize api/types/kustomization.go, v5.8. Nothing is opened or followed here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from projects.errors import Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP = "kustomize.config.k8s.io/"
_CHARTS = frozenset({"helmcharts", "helmchartinflationgenerator", "helmglobals"})
_HARMLESS = frozenset(
    {
        *("apiversion", "kind", "metadata", "namespace", "nameprefix", "namesuffix"),
        *("commonlabels", "labels", "commonannotations", "images", "imagetags", "replicas"),
        *("vars", "generatoroptions", "buildmetadata", "sortoptions"),
    }
)


class FeatureNotAllowed(Invalid):
    """A kustomization that wants a program run, or a field nobody here has judged."""

    default_reason = Reason.FEATURE_NOT_ALLOWED


class KustomizationInvalid(Invalid):
    """A kustomization that kustomize could not build."""

    default_reason = Reason.BUILD_FAILED


class Form(StrEnum):
    """What a reference may be."""

    FILE = "a file"
    DATA = "a file of data"  # whose content kustomize copies and does not read
    BASE = "a file or a directory"
    PATCH = "a file or a patch written in place"
    PLUGIN = "a file, a directory or a configuration written in place"


# Fields that are lists of paths.
_LISTS = {
    "resources": Form.BASE,
    "bases": Form.BASE,
    "components": Form.BASE,
    "crds": Form.FILE,
    "configurations": Form.FILE,
    "generators": Form.PLUGIN,
    "transformers": Form.PLUGIN,
    "validators": Form.PLUGIN,
}
# Fields that are mappings, or lists of them, and which of their keys name files. A bare string
# among them is a patch, as in patchesStrategicMerge (and in `patches` of old kustomizations).
_PATH = {"path": Form.FILE}
_DATA = {"files": Form.DATA, "env": Form.DATA, "envs": Form.DATA}
_MAPPINGS = {
    "patches": _PATH,
    "patchesstrategicmerge": _PATH,
    "patchesjson6902": _PATH,
    "replacements": _PATH,
    "openapi": _PATH,
    "configmapgenerator": _DATA,
    "secretgenerator": _DATA,
}
_PLUGIN_PATHS = frozenset({"path", "paths", "files", "env", "envs", "targetfilepath"})
# Their entries may be written name=path.
_NAMED_FILES = frozenset({"files"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One entry: its text, what it may be, where it stands (`base/kustomization.yaml: crds`).

    name is what stands before the equals sign of name=path, "" without one.
    """

    text: str
    form: Form
    where: str
    name: str = ""


def references(content: Any, *, where: str) -> Iterator[Reference]:
    """Yield what a kustomization names.

    Raises: FeatureNotAllowed, KustomizationInvalid.
    """
    if not isinstance(content, dict):
        raise KustomizationInvalid(f"{where}: not a kustomization; want a mapping with resources")
    api_version = str(content.get("apiVersion") or _GROUP)
    if not api_version.startswith(_GROUP):
        # Flux names a kind of its own Kustomization, and people its file so.
        shown = repr(printable(api_version, 100))
        raise KustomizationInvalid(f"{where}: the apiVersion is {shown}; want {_GROUP}v1beta1")
    for key, value in content.items():
        name = key.casefold()
        here = f"{where}: {printable(key, 100)}"
        if name in _CHARTS:
            raise FeatureNotAllowed(f"{here}: charts in a kustomization are not allowed")
        if name in _LISTS:
            for entry in _entries(value):
                yield _reference(entry, _LISTS[name], here)
        elif name in _MAPPINGS:
            yield from _of_mappings(value, _MAPPINGS[name], here)
        elif name not in _HARMLESS:
            raise FeatureNotAllowed(f"{here}: not a field of a kustomization that is allowed")


def paths_in(value: Any, *, where: str) -> Iterator[Reference]:
    """Yield what the configuration of a built-in plugin names, at any depth."""
    if isinstance(value, list):
        for entry in value:
            yield from paths_in(entry, where=where)
    elif isinstance(value, dict):
        for key, below in value.items():
            name = key.casefold()
            if name in _PLUGIN_PATHS:
                for entry in _entries(below):
                    if isinstance(entry, str):
                        found = Reference(text=entry, form=Form.FILE, where=where)
                        yield _after_equals(found) if name in _NAMED_FILES else found
            # The path of a fieldSpec is a path within an object.
            if name not in ("fieldspecs", "metadata"):
                yield from paths_in(below, where=where)


def _of_mappings(value: Any, names: dict[str, Form], where: str) -> Iterator[Reference]:
    for entry in _entries(value):
        if not isinstance(entry, dict):
            yield _reference(entry, Form.PATCH, where)
            continue
        for key, below in entry.items():
            name = key.casefold()
            if name not in names:
                continue
            for text in _entries(below):
                found = _reference(text, names[name], f"{where}: {printable(key, 100)}")
                yield _after_equals(found) if name in _NAMED_FILES else found


def _after_equals(found: Reference) -> Reference:
    name, equals, path = found.text.partition("=")
    return replace(found, text=path, name=name) if equals else found


def _entries(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _reference(entry: Any, form: Form, where: str) -> Reference:
    if not isinstance(entry, str) or not entry.strip():
        raise KustomizationInvalid(f"{where}: an entry that is no path; want {form}")
    return Reference(text=entry, form=form, where=where)
