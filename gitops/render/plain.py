"""A directory of manifests, without a renderer.

In: a tree and a directory. Out: one RenderedObject per object of every *.yaml, *.yml and *.json
file below it, in path order, with file and line. Directories below that hold a kustomization file
are treated as Flux treats them (fluxcd/pkg kustomize/kustomize_generator.go): each is built by
kustomize as a base, and its files are not read as manifests. Files Flux never looks at (continuous
integration, .sops.yaml) are left out; a link that could be a manifest, and a chart, are refused,
never skipped: what is left out silently would be pruned. `.sourceignore` files are not read.
"""

from __future__ import annotations

import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitops.render import detect, kustomize, links, objects, yamlio
from gitops.tree import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitops.render.values import RenderedObject, RenderLimits, RenderOptions
    from gitops.tree import FileTree

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
# Links that nobody would take for a manifest or a directory of them.
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})
# source-controller's default exclusions (docs/spec/v1/gitrepositories.md) that end like a manifest.
_IGNORED_DIRECTORIES = frozenset({".git", ".github", ".circleci"})
_IGNORED_NAMES = (
    *(".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml"),
    *("codeship-*.yml", ".goreleaser.yml", ".sops.yaml", ".flux.yaml"),
)


def render(tree: FileTree, directory: str, *, options: RenderOptions) -> tuple[RenderedObject, ...]:
    """Read every manifest below a directory.

    Raises: YamlError, ManifestInvalid, LimitExceeded, SymlinkNotAllowed, ChartNotSupported, and
    what kustomize.build raises for a kustomization below.
    """
    _refuse_links(tree, directory)
    bases = _bases(tree, directory)
    files = [
        path
        for path in tree.files(directory)
        if PurePosixPath(path).suffix in _SUFFIXES
        and not _is_ignored(path)
        and not _is_below(path, bases)
    ]
    found = tuple(_read(tree, files, limits=options.limits))
    if bases:
        found += kustomize.build(tree, tuple(sorted(bases)), options=options)
    return found


def _read(tree: FileTree, files: list[str], *, limits: RenderLimits) -> Iterator[RenderedObject]:
    if len(files) > limits.max_files:
        raise LimitExceeded(f"{len(files)} files of manifests; the limit is {limits.max_files}")
    total = count = 0
    for path in files:
        if PurePosixPath(path).name == detect.CHART_NAME:
            raise detect.chart_refusal(path)
        data = tree.read(path)
        total += len(data)
        _check_total(total, limits)
        documents = yamlio.load_all(data, file=path)
        total += sum(document.aliased for document in documents)
        _check_total(total, limits)
        for found in objects.of_documents(documents, file=path):
            count += 1
            if count > limits.max_objects:
                raise LimitExceeded(f"{path}: more than {limits.max_objects} objects, the limit")
            yield found


def _check_total(total: int, limits: RenderLimits) -> None:
    if total > limits.max_total_bytes:
        raise LimitExceeded(
            f"the manifests have at least {total} bytes; the limit is {limits.max_total_bytes}"
        )


def _bases(tree: FileTree, directory: str) -> frozenset[str]:
    """Find the topmost directories below that hold a kustomization file."""
    found = {
        PurePosixPath(path).parent.as_posix()
        for path in tree.files(directory)
        if PurePosixPath(path).name in detect.KUSTOMIZATION_NAMES and not _is_ignored(path)
    }
    return frozenset(path for path in found if not _is_below(path, found))


def _is_below(path: str, directories: Collection[str]) -> bool:
    return any(parent.as_posix() in directories for parent in PurePosixPath(path).parents)


def _refuse_links(tree: FileTree, directory: str) -> None:
    for link in sorted(tree.links):
        is_inside = not directory or link.startswith(f"{directory}/")
        if is_inside and not _is_ignored(link) and PurePosixPath(link).suffix not in _PROSE:
            raise links.refusal(tree, link)


def _is_ignored(path: str) -> bool:
    parts = PurePosixPath(path).parts
    if not _IGNORED_DIRECTORIES.isdisjoint(parts[:-1]) or parts[-1] in _IGNORED_DIRECTORIES:
        return True
    return any(fnmatch.fnmatchcase(parts[-1], pattern) for pattern in _IGNORED_NAMES)
