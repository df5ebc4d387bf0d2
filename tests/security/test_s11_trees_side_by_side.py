"""S-11: two tenants rendered side by side on one disk; neither reads the other's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render import kustomize
from gitops.render.entries import PathOutsideSource
from gitops.render.process import Bounds, run
from projects.errors import Invalid
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.programs import KUBECTL

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.tree import FileTree

CANARY = "canary-91bc"


def neighbour(tmp_path: Path) -> FileTree:
    files: dict[str, str | bytes | trees.Link] = {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": trees.config_map("theirs", k=CANARY),
    }
    return trees.make(tmp_path / "their-tree", files)


@pytest.mark.parametrize("entry", ["..", "../their-tree", "../their-tree/a.yaml", "{absolute}"])
@pytest.mark.parametrize("field", ["resources", "bases", "components"])
def test_a_kustomization_that_names_a_neighbour_is_refused(
    tmp_path: Path, field: str, entry: str
) -> None:
    theirs = neighbour(tmp_path)
    path = entry.format(absolute=theirs.root)
    ours = trees.make(tmp_path / "our-tree", {"kustomization.yaml": f"{field}: ['{path}']\n"})

    with pytest.raises(PathOutsideSource) as caught:
        rendering.render(ours, path="")

    assert CANARY not in caught.value.message


def test_the_scan_is_what_stands_between(tmp_path: Path) -> None:
    # kustomize alone reads directories above its root; without this the test above proves nothing.
    neighbour(tmp_path)
    ours = trees.make(tmp_path / "our-tree", {"kustomization.yaml": "resources: [../their-tree]\n"})
    bounds = Bounds(seconds=30, memory_bytes=1 << 30, output_bytes=1 << 20)

    found = run(
        (str(KUBECTL), "kustomize", str(ours.root)),
        directory=tmp_path,
        environment={},
        bounds=bounds,
    )

    assert CANARY.encode() in found.output


def test_files_above_a_kustomization_stay_refused_by_kustomize_itself(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "a/kustomization.yaml": "resources: [../b/b.yaml]\n",
            "b/b.yaml": trees.config_map("b", k=CANARY),
        },
    )

    with pytest.raises(Invalid) as caught:
        rendering.render(tree, path="a")

    assert isinstance(caught.value, kustomize.BuildFailed)
    assert str(tmp_path) not in caught.value.message
