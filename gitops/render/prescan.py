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
    """The kustomization file of the directory, its content, and every file it leads to.

    manifests are those of the files that kustomize takes for Kubernetes objects.
    """

    kustomization: str
    content: dict[str, Any]
    files: tuple[str, ...]
    manifests: tuple[str, ...]


def scan(tree: FileTree, directory: str, *, limits: RenderLimits) -> Scan:
    """Follow a kustomization to its ends.

    Raises: SymlinkNotAllowed, RemoteReferenceNotAllowed, PathOutsideSource, FeatureNotAllowed,
    CycleDetected, KustomizationInvalid, LimitExceeded, YamlError.
    """
    walk = _Walk(tree, limits=limits)
    walk.kustomization(directory, chain=(), where=_shown(directory), is_plugin=False)
    kustomization = detect.kustomization_in(tree, directory)
    return Scan(
        kustomization=kustomization,
        content=yamlio.load(tree.read(kustomization), file=kustomization),
        files=tuple(sorted(walk.files)),
        manifests=tuple(sorted(walk.manifests)),
    )


class _Walk:
    """A depth-first walk; every directory is read once, whoever includes it."""

    def __init__(self, tree: FileTree, *, limits: RenderLimits) -> None:
        self.files: set[str] = set()
        self.manifests: set[str] = set()
        self._tree = tree
        self._limits = limits
        self._bytes = 0
        self._loads: dict[tuple[str, bool], int] = {}

    def kustomization(
        self, directory: str, *, chain: tuple[str, ...], where: str, is_plugin: bool
    ) -> int:
        """Scan one directory and count how many kustomize will load for it, itself included.

        chain is the way that led here. A base two others share is scanned once, but loaded twice.
        """
        file = detect.kustomization_in(self._tree, directory)
        if not file:
            names = ", ".join(detect.KUSTOMIZATION_NAMES)
            raise KustomizationInvalid(f"{where}: {_shown(directory)} has none of {names}")
        if directory in chain:
            ring = (*chain[chain.index(directory) :], directory)
            circle = " -> ".join(_shown(step) for step in ring)
            raise CycleDetected(f"{where}: kustomizations include each other: {circle}")
        if len(chain) >= MAX_DEPTH:
            raise LimitExceeded(f"{where}: bases nested deeper than {MAX_DEPTH}, the limit")
        key = (directory, is_plugin)
        if key not in self._loads:
            content = yamlio.load(self._read(file), file=file)
            found = fields.references(content, where=place(file))
            way = (*chain, directory)
            loads = 1 + sum(self._follow(each, way, is_plugin=is_plugin) for each in found)
            if loads > _MAX_KUSTOMIZATIONS:
                problem = f"leads to more than {_MAX_KUSTOMIZATIONS} kustomizations, the limit"
                raise LimitExceeded(f"{place(file)}: {problem}")
            self._loads[key] = loads
        return self._loads[key]

    def _follow(self, reference: Reference, chain: tuple[str, ...], *, is_plugin: bool) -> int:
        """Scan what an entry of the last directory of the chain names; count the loads."""
        directory = chain[-1]
        is_plugin = is_plugin or reference.form is Form.PLUGIN
        if reference.form in (Form.PATCH, Form.PLUGIN) and entries.is_inline(reference.text):
            if is_plugin:
                self._plugin(reference.text.encode(), directory, where=reference.where)
            return 0
        entries.refuse_remote(f"{reference.name}={reference.text}", where=reference.where)
        path = entries.local_path(reference.text, directory=directory, where=reference.where)
        links.check(self._tree, path, where=reference.where)
        if self._has_file(path):
            self._file(path, reference.form, directory, is_plugin=is_plugin)
            return 0
        if reference.form in (Form.BASE, Form.PLUGIN) and self._has_directory(path):
            where = reference.where
            return self.kustomization(path, chain=chain, where=where, is_plugin=is_plugin)
        shown = repr(printable(reference.text, 200))
        problem = f"{shown} is not in the repository; want {reference.form}"
        raise KustomizationInvalid(f"{reference.where}: {problem}")

    def _file(self, path: str, form: Form, directory: str, *, is_plugin: bool) -> None:
        data = self._read(path)
        if is_plugin and form in (Form.PLUGIN, Form.BASE):
            self._plugin(data, directory, where=place(path))
        elif form is Form.BASE:
            self.manifests.add(path)
        if form is not Form.DATA and b"*" in data and b"&" in data:
            # kustomize expands aliases without a bound; whoever has none is not read twice.
            yamlio.load_all(data, file=path)

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
