"""The scan of a kustomization and all it includes, before the real kustomize starts.

In: a tree and a directory with a kustomization file. Out: a Scan. Everything a kustomization can
name is followed: each entry must be a file or directory of the same repository, no link, no
address, no cycle, no plugin, function or chart (S-12 to S-15). What an entry is, and which fields
have entries, is decided in entries and fields. Nothing is rendered here. The child process is
confined as well (process): two fences, so that an error in one is not a way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gitops.render import detect, entries, fields, links, yamlio
from gitops.render.fields import FeatureNotAllowed, Form, KustomizationInvalid
from gitops.render.values import place
from gitops.tree import InvalidPath, LimitExceeded
from projects.errors import Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable

if TYPE_CHECKING:
    from gitops.render.fields import Reference
    from gitops.render.values import RenderLimits
    from gitops.tree import FileTree

MAX_DEPTH = 20
_MAX_KUSTOMIZATIONS = 1_000
_FUNCTIONS = ("config.kubernetes.io/function", "config.k8s.io/function")


class CycleDetected(Invalid):
    """Kustomizations that include each other."""

    default_reason = Reason.CYCLE_DETECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The kustomization file of the directory, its content, and every file it leads to."""

    kustomization: str
    content: dict[str, Any]
    files: tuple[str, ...]


def scan(tree: FileTree, directory: str, *, limits: RenderLimits) -> Scan:
    """Follow a kustomization to its ends.

    Raises: SymlinkNotAllowed, RemoteReferenceNotAllowed, PathOutsideSource, FeatureNotAllowed,
    CycleDetected, KustomizationInvalid, LimitExceeded, YamlError.
    """
    walk = _Walk(tree, limits=limits)
    content = walk.kustomization(directory, chain=(), where=place(directory), is_plugin=False)
    files = tuple(sorted(walk.files))
    name = detect.kustomization_in(tree, directory)
    return Scan(kustomization=name, content=content, files=files)


class _Walk:
    """A depth-first walk; every directory is read once, whoever includes it."""

    def __init__(self, tree: FileTree, *, limits: RenderLimits) -> None:
        self.files: set[str] = set()
        self._tree = tree
        self._limits = limits
        self._bytes = 0
        self._seen: set[tuple[str, bool]] = set()

    def kustomization(
        self, directory: str, *, chain: tuple[str, ...], where: str, is_plugin: bool
    ) -> dict[str, Any]:
        """Scan one directory; chain is the way that led to it."""
        file = detect.kustomization_in(self._tree, directory)
        if not file:
            names = ", ".join(detect.KUSTOMIZATION_NAMES)
            raise KustomizationInvalid(f"{where}: {_shown(directory)} has none of {names}")
        if directory in chain:
            ring = (*chain[chain.index(directory) :], directory)
            way = " -> ".join(_shown(step) for step in ring)
            raise CycleDetected(f"{where}: kustomizations include each other: {way}")
        if len(chain) >= MAX_DEPTH:
            raise LimitExceeded(f"{where}: bases nested deeper than {MAX_DEPTH}, the limit")
        content = yamlio.load(self._read(file), file=file)
        if (directory, is_plugin) not in self._seen:
            self._note(directory, is_plugin=is_plugin)
            for reference in fields.references(content, where=place(file)):
                self._follow(reference, directory, (*chain, directory), is_plugin=is_plugin)
        return dict(content) if isinstance(content, dict) else {}

    def _note(self, directory: str, *, is_plugin: bool) -> None:
        self._seen.add((directory, is_plugin))
        if len(self._seen) > _MAX_KUSTOMIZATIONS:
            raise LimitExceeded(f"more than {_MAX_KUSTOMIZATIONS} kustomizations, the limit")

    def _follow(
        self, reference: Reference, directory: str, chain: tuple[str, ...], *, is_plugin: bool
    ) -> None:
        is_plugin = is_plugin or reference.form is Form.PLUGIN
        if reference.form in (Form.PATCH, Form.PLUGIN) and entries.is_inline(reference.text):
            if is_plugin:
                self._plugin(reference.text.encode(), directory, where=reference.where)
            return
        path = entries.local_path(reference.text, directory=directory, where=reference.where)
        links.check(self._tree, path, where=reference.where)
        if self._has_file(path):
            data = self._read(path)
            if is_plugin and reference.form in (Form.PLUGIN, Form.BASE):
                self._plugin(data, directory, where=place(path))
            elif b"*" in data and b"&" in data:
                # kustomize expands aliases without a bound; whoever has none is not read twice.
                yamlio.load_all(data, file=path)
        elif reference.form in (Form.BASE, Form.PLUGIN) and self._has_directory(path):
            self.kustomization(path, chain=chain, where=reference.where, is_plugin=is_plugin)
        else:
            shown = printable(reference.text, 200)
            raise KustomizationInvalid(
                f"{reference.where}: {shown!r} is not in the repository; want {reference.form}"
            )

    def _plugin(self, data: bytes, directory: str, *, where: str) -> None:
        """Judge the configuration of a generator, transformer or validator."""
        for document in yamlio.load_all(data, file=where):
            value = document.value
            if not isinstance(value, dict):
                continue
            metadata = value.get("metadata")
            annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
            if isinstance(annotations, dict) and any(name in annotations for name in _FUNCTIONS):
                raise FeatureNotAllowed(f"{where}: functions are not allowed, of no kind")
            kind = printable(str(value.get("kind")), 63)
            if value.get("apiVersion") != "builtin":
                raise FeatureNotAllowed(f"{where}: the plugin {kind} is not one of kustomize's own")
            if kind.casefold().startswith("helm"):
                raise FeatureNotAllowed(f"{where}: charts in a kustomization are not allowed")
            for reference in fields.paths_in(value, where=where):
                if not entries.is_inline(reference.text):
                    entries.local_path(reference.text, directory=directory, where=where)

    def _read(self, path: str) -> bytes:
        data = self._tree.read(path)
        if path not in self.files:
            self.files.add(path)
            self._bytes += len(data)
        if len(self.files) > self._limits.max_files:
            raise LimitExceeded(f"more than {self._limits.max_files} files, the limit, at {path}")
        if self._bytes > self._limits.max_total_bytes:
            raise LimitExceeded(
                f"the files have at least {self._bytes} bytes; "
                f"the limit is {self._limits.max_total_bytes}"
            )
        return data

    def _has_file(self, path: str) -> bool:
        try:
            return self._tree.has_file(path)
        except InvalidPath:
            return False

    def _has_directory(self, path: str) -> bool:
        try:
            return self._tree.has_dir(path)
        except InvalidPath:
            return False


def _shown(directory: str) -> str:
    return place(str(PurePosixPath(directory)))
