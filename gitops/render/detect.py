"""Which renderer a directory wants.

In: a tree and a directory of it. Out: a Renderer. A kustomization file in the directory means
kustomize, as for Flux and for `kubectl apply -k`; otherwise its YAML and JSON files are manifests.
A chart is told apart so that its templates are not mistaken for manifests. No file is opened here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.render import links
from gitops.render.values import Renderer
from projects.errors import Invalid
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from gitops.tree import FileTree

# kustomize's own three names (konfig.RecognizedKustomizationFileNames).
KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART_NAME = "Chart.yaml"


class ChartNotSupported(Invalid):
    """The directory is a Helm chart."""

    default_reason = Reason.FEATURE_NOT_ALLOWED


class SeveralKustomizations(Invalid):
    """A directory with two kustomization files; kustomize takes neither."""

    default_reason = Reason.BUILD_FAILED


def detect(tree: FileTree, directory: str) -> Renderer:
    """Choose by the names in the directory.

    Raises: ChartNotSupported, SeveralKustomizations, SymlinkNotAllowed.
    """
    if kustomization_in(tree, directory):
        return Renderer.KUSTOMIZE
    chart = join(directory, CHART_NAME)
    if tree.has_file(chart):
        raise chart_refusal(chart)
    return Renderer.PLAIN


def kustomization_in(tree: FileTree, directory: str) -> str:
    """Return the path of the directory's kustomization file, "" when it has none.

    Raises: SeveralKustomizations, SymlinkNotAllowed.
    """
    paths = [join(directory, name) for name in KUSTOMIZATION_NAMES]
    for path in paths:
        links.check(tree, path)
    found = [path for path in paths if tree.has_file(path)]
    if len(found) > 1:
        raise SeveralKustomizations(f"two kustomization files: {' and '.join(found)}; keep one")
    return found[0] if found else ""


def chart_refusal(path: str) -> ChartNotSupported:
    return ChartNotSupported(
        f"{path}: charts are not supported yet; want manifests or a kustomization"
    )


def join(directory: str, name: str) -> str:
    """Join in git's form, where the root is ""."""
    return f"{directory}/{name}" if directory else name
