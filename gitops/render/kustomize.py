"""The field's own kustomize, run offline and within bounds over part of a tree.

In: a tree and directories of it that hold kustomizations. Out: the objects they build, each with the
file it came from. The program is the `kubectl` of the running environment (kustomize v5.8), which gets
no environment, no network and no program to start; prescan has refused before what it should not even
be asked. To learn origins the directories are not built themselves but through a kustomization of our
own that includes them and asks for originAnnotations, which are taken off again; what the user's own
file asks at the top (buildMetadata, sortOptions) is repeated there, because kustomize hears it only
there. The user's tree is never written to. What the output means is decided in objects and validate.
"""

from __future__ import annotations

import os
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops.render import complaints, objects, prescan, process, yamlio
from gitops.render.values import place
from gitops.tree import LimitExceeded
from projects.errors import Invalid, Unavailable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from gitops.render.prescan import Scan
    from gitops.render.values import RenderedObject, RenderOptions
    from gitops.tree import FileTree

_ORIGIN = "config.kubernetes.io/origin"
_ORIGINS = "originAnnotations"
# Annotations that name paths as seen from the top: our file above the user's would show in them.
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


class RendererMissing(Unavailable):
    """There is no kubectl to run; the operator's to mend."""

    default_reason = Reason.BUILD_FAILED


def build(
    tree: FileTree, directories: tuple[str, ...], *, options: RenderOptions
) -> tuple[RenderedObject, ...]:
    """Build directories together, as one kustomization that includes them all.

    Raises: what prescan.scan raises; BuildFailed, RenderTimeout, OutOfMemory, LimitExceeded,
    ManifestInvalid; RendererMissing.
    """
    scans = [prescan.scan(tree, path, limits=options.limits) for path in directories]
    with tempfile.TemporaryDirectory(prefix="slipway-render-") as name:
        run_directory = Path(name).resolve()
        top = _top(tree, directories, scans[0], run_directory)
        finished = _run(top, tree, scans, run_directory, options=options)
        found = _read(finished.output, tree, scans[0], top=top)
    if len(found) > options.limits.max_objects:
        limit = options.limits.max_objects
        raise LimitExceeded(f"{scans[0].kustomization}: {len(found)} objects; the limit is {limit}")
    return found


def _top(tree: FileTree, directories: tuple[str, ...], first: Scan, run_directory: Path) -> Path:
    """Return the directory to build: ours, or the user's when ours would show."""
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
    (run_directory / "kustomization.yaml").write_text(yamlio.dump_all([ours]), encoding="utf-8")
    return run_directory


def _run(
    top: Path, tree: FileTree, scans: list[Scan], run_directory: Path, *, options: RenderOptions
) -> process.Finished:
    kubectl = options.kubectl or Path(sysconfig.get_path("scripts")) / "kubectl"
    where = place(scans[0].kustomization)
    bounds = process.Bounds(
        seconds=options.timeout,
        memory_bytes=options.memory_bytes,
        output_bytes=options.limits.max_output_bytes,
    )
    environment = {**_ENVIRONMENT, "GOMEMLIMIT": str(options.memory_bytes // 2)}
    try:
        finished = process.run(
            (str(kubectl), "kustomize", str(top)),
            directory=run_directory,
            environment=environment,
            bounds=bounds,
        )
    except process.TimedOutError as error:
        raise RenderTimeout(f"{where}: kustomize took longer than {options.timeout:g} s") from error
    except process.OutputTooLargeError as error:
        limit = options.limits.max_output_bytes
        raise LimitExceeded(f"{where}: the output has more than {limit} bytes, the limit") from error
    except process.NotStartedError as error:
        raise RendererMissing(f"kubectl cannot be run: {error}") from error
    if finished.code != 0:
        raise _failure(finished, tree, scans, run_directory, options=options)
    return finished


def _failure(
    finished: process.Finished,
    tree: FileTree,
    scans: list[Scan],
    run_directory: Path,
    *,
    options: RenderOptions,
) -> Invalid:
    where = place(scans[0].kustomization)
    if complaints.is_out_of_memory(finished.code, finished.errors):
        limit = options.memory_bytes
        return OutOfMemory(f"{where}: kustomize wanted more than {limit} bytes of memory")
    # Our own reader knows file and line where kustomize knows only that there is an error.
    for path in sorted({path for scan in scans for path in scan.files}):
        if path.endswith((".yaml", ".yml", ".json")):
            try:
                yamlio.load_all(tree.read(path), file=path)
            except yamlio.YamlError as error:
                return BuildFailed(error.message, causes=error.causes)
    text = complaints.readable(finished.errors, root=tree.root, run_directory=run_directory)
    return BuildFailed(f"{where}: {text}")


def _read(output: bytes, tree: FileTree, first: Scan, *, top: Path) -> tuple[RenderedObject, ...]:
    try:
        documents = yamlio.load_all(output, file=first.kustomization)
    except yamlio.YamlError as error:
        where = place(first.kustomization)
        raise BuildFailed(f"{where}: the output is refused: {error.problem}") from error
    found = []
    for document in documents:
        if document.value is not None:
            origin = _take_origin(document.value, is_ours=top.parent != tree.root)
            file = _origin_file(origin, tree.root, top=top) or first.kustomization
            found.append(objects.of_manifest(document.value, file=file, line=0))
    return tuple(found)
