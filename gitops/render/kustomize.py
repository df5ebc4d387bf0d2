"""The field's own kustomize, run offline and within bounds over part of a tree.

In: a tree and directories of it that hold kustomizations. Out: the objects they build, each with
the file it came from. The program is the `kubectl` of the running environment (kustomize v5.8); it
gets no environment, no network and nothing to start, and prescan has refused before what it should
not even be asked. To learn origins, the directories are included by a kustomization of our own
that asks for originAnnotations, which are taken off again; what the user's file asks at the top
(buildMetadata, sortOptions) is repeated there, because kustomize hears it only there. The user's
tree is never written to. What may be applied is decided in validate.
"""

from __future__ import annotations

import contextlib
import os
import sysconfig
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops.render import complaints, objects, origins, prescan, process, yamlio
from gitops.render.validate import DuplicateObject
from gitops.render.values import place
from gitops.tree import LimitExceeded
from projects.errors import Invalid, Unavailable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.render.prescan import Scan
    from gitops.render.values import RenderedObject, RenderOptions
    from gitops.render.yamlio import Document
    from gitops.tree import FileTree

_ORIGINS = "originAnnotations"
# They write paths as seen from the top: our file above the user's would show in them.
_PATHS_FROM_TOP = frozenset({_ORIGINS, "transformerAnnotations"})
_ENVIRONMENT = {
    "HOME": "/nonexistent",
    "PATH": "/nonexistent",
    "KUBECONFIG": "/dev/null",
    # A crash would otherwise print the stack of every thread.
    "GOTRACEBACK": "none",
}


class BuildFailed(Invalid):
    """kustomize refused the kustomization."""

    default_reason = Reason.BUILD_FAILED


class RenderTimeout(Invalid):
    """kustomize ran longer than it may."""

    default_reason = Reason.RENDER_TIMEOUT


class OutOfMemory(Invalid):
    """kustomize wanted more memory than it may have."""

    default_reason = Reason.OUT_OF_MEMORY


class RendererUnavailable(Unavailable):
    """kubectl cannot be run here and now: not installed, no room on the disk, no namespace left."""

    default_reason = Reason.BUILD_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """One run: which directory kustomize is given, and what it leads to."""

    tree: FileTree
    scans: tuple[Scan, ...]
    options: RenderOptions
    run_directory: Path
    top: Path

    @property
    def kustomization(self) -> str:
        return self.scans[0].kustomization

    @property
    def where(self) -> str:
        return place(self.kustomization)


def build(
    tree: FileTree, directories: tuple[str, ...], *, options: RenderOptions
) -> tuple[RenderedObject, ...]:
    """Build directories together, as one kustomization that includes them all.

    Raises: what prescan.scan raises; BuildFailed, DuplicateObject, RenderTimeout, OutOfMemory,
    LimitExceeded, ManifestInvalid; RendererUnavailable.
    """
    scans = tuple(prescan.scan(tree, path, limits=options.limits) for path in directories)
    with _temporary_directory() as name:
        run_directory = Path(name).resolve()
        top = _top(tree, directories, scans[0], run_directory)
        run = _Build(tree=tree, scans=scans, options=options, run_directory=run_directory, top=top)
        found = tuple(_objects(run, _output(run)))
    limit = options.limits.max_objects
    if len(found) > limit:
        raise LimitExceeded(f"{run.where}: {len(found)} objects; the limit is {limit}")
    return found


@contextlib.contextmanager
def _temporary_directory() -> Iterator[str]:
    """Make a directory nobody else can enter, with a name nobody can guess (CVE-2023-40026)."""
    try:
        made = tempfile.TemporaryDirectory(prefix="slipway-render-", ignore_cleanup_errors=True)
    except OSError as error:
        raise RendererUnavailable(f"no temporary directory: {error.strerror}") from error
    with made as name:
        yield name


def _top(tree: FileTree, directories: tuple[str, ...], first: Scan, run_directory: Path) -> Path:
    """Return the directory to build: ours, or the user's when ours would show in the output."""
    ours: dict[str, Any] = {"buildMetadata": [_ORIGINS]}
    if len(directories) == 1:
        content = {key.casefold(): value for key, value in first.content.items()}
        wanted = content.get("buildmetadata") or []
        if not isinstance(wanted, list) or not _PATHS_FROM_TOP.isdisjoint(map(str, wanted)):
            return tree.root / directories[0]
        ours["buildMetadata"] += wanted
        if "sortoptions" in content:
            ours["sortOptions"] = content["sortoptions"]
    ours["resources"] = [os.path.relpath(tree.root / path, run_directory) for path in directories]
    text = yamlio.dump_all([ours])
    try:
        (run_directory / "kustomization.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise RendererUnavailable(f"nothing can be written: {error.strerror}") from error
    return run_directory


def _output(run: _Build) -> bytes:
    options = run.options
    kubectl = options.kubectl or Path(sysconfig.get_path("scripts")) / "kubectl"
    bounds = process.Bounds(
        seconds=options.timeout,
        memory_bytes=options.memory_bytes,
        output_bytes=options.limits.max_output_bytes,
    )
    try:
        finished = process.run(
            (str(kubectl), "kustomize", str(run.top)),
            directory=run.run_directory,
            environment={**_ENVIRONMENT, "GOMEMLIMIT": str(options.memory_bytes // 2)},
            bounds=bounds,
        )
    except process.TimedOutError as error:
        problem = f"{run.where}: kustomize took longer than {options.timeout:g} s, the limit"
        raise RenderTimeout(problem) from error
    except process.OutputTooLargeError as error:
        problem = f"{run.where}: the output has more than {bounds.output_bytes} bytes, the limit"
        raise LimitExceeded(problem) from error
    except process.NotStartedError as error:
        raise RendererUnavailable(f"kubectl cannot be run: {error}") from error
    if finished.code != 0:
        raise _failure(run, finished)
    return finished.output


def _failure(run: _Build, finished: process.Finished) -> Invalid:
    if complaints.is_out_of_memory(finished.code, finished.errors):
        limit = run.options.memory_bytes
        return OutOfMemory(f"{run.where}: kustomize wanted more than {limit} bytes of memory")
    text = complaints.readable(
        finished.errors,
        top=(run.tree.root / run.kustomization).parent,
        root=run.tree.root,
        run_directory=run.run_directory,
    )
    twice = complaints.registered_twice(finished.errors)
    places = []
    # Our own reader knows file and line where kustomize often knows only that there is an error.
    for path in sorted({path for scan in run.scans for path in scan.manifests}):
        try:
            documents = yamlio.load_all(run.tree.read(path), file=path)
        except yamlio.YamlError as error:
            return BuildFailed(error.message, causes=error.causes)
        places += [place(path, found.line) for found in documents if twice == _naming(found)]
    if twice is not None:
        where = f"; it is in {' and '.join(places)}" if places else ""
        return DuplicateObject(f"{run.where}: {text}{where}")
    return BuildFailed(f"{run.where}: {text}")


def _naming(document: Document) -> tuple[Any, Any] | None:
    value = document.value
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return (value.get("kind"), metadata.get("name")) if isinstance(metadata, dict) else None


def _objects(run: _Build, output: bytes) -> Iterator[RenderedObject]:
    try:
        documents = yamlio.load_all(output, file=run.kustomization)
    except yamlio.YamlError as error:
        raise BuildFailed(f"{run.where}: the output is refused: {error.problem}") from error
    for document in documents:
        value = document.value
        file = origins.file_of(value, built=run.top, root=run.tree.root)
        if run.top == run.run_directory:
            value = origins.without(value)
        # Lines of the output are nobody's.
        placed = replace(document, value=value, line=0, item_lines=())
        yield from objects.of_documents((placed,), file=file or run.kustomization)
