"""S-09: a symbolic link is never followed while rendering; the path is named, the content never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render.links import SymlinkNotAllowed
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.trees import Link

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-7f3a"
KUSTOMIZATIONS = {
    "resources: [a.yaml]\n": "a.yaml",
    "resources: [dir]\n": "dir",
    "resources: [dir/a.yaml]\n": "dir",
    "components: [dir]\n": "dir",
    "configMapGenerator: [{name: x, files: [k=a.yaml]}]\n": "a.yaml",
    "secretGenerator: [{name: x, envs: [a.yaml]}]\n": "a.yaml",
    "patches: [{path: a.yaml}]\n": "a.yaml",
    "transformers: [a.yaml]\n": "a.yaml",
    "crds: [a.yaml]\n": "a.yaml",
}


@pytest.mark.parametrize(
    "target",
    ["/proc/self/environ", "../outside/secret.yaml", "b.yaml", "a.yaml", "nowhere", "../outside"],
    ids=["environment", "another tree", "same tree", "itself", "nothing", "a directory"],
)
def test_a_link_among_manifests_is_refused_by_its_name(tmp_path: Path, target: str) -> None:
    trees.make(tmp_path / "outside", {"secret.yaml": trees.config_map("x", k=CANARY)})
    tree = trees.make(tmp_path / "tree", {"a.yaml": Link(target), "b.yaml": trees.config_map("b")})

    with pytest.raises(SymlinkNotAllowed, match=r"a\.yaml is a symbolic link") as caught:
        rendering.render(tree, path="")

    assert caught.value.reason == "SymlinkNotAllowed"
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(("kustomization", "link"), KUSTOMIZATIONS.items())
def test_a_link_a_kustomization_names_is_refused(
    tmp_path: Path, kustomization: str, link: str
) -> None:
    outside = trees.make(
        tmp_path / "outside",
        {"a.yaml": trees.config_map("x", k=CANARY), "kustomization.yaml": "resources: [a.yaml]\n"},
    )
    target = outside.root if link == "dir" else outside.root / "a.yaml"
    tree = trees.make(
        tmp_path / "tree", {"kustomization.yaml": kustomization, link: Link(str(target))}
    )

    with pytest.raises(SymlinkNotAllowed, match=f"{link} is a symbolic link"):
        rendering.render(tree, path="")


def test_a_kustomization_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path, {"kustomization.yaml": Link("base/kustomization.yaml"), "base/a.yaml": "a: 1\n"}
    )

    with pytest.raises(SymlinkNotAllowed):
        rendering.render(tree, path="")


def test_a_path_behind_a_link_is_refused(tmp_path: Path) -> None:
    trees.make(tmp_path / "outside", {"apps/a.yaml": trees.config_map("x", k=CANARY)})
    tree = trees.make(tmp_path / "tree", {"b.yaml": "", "linked": Link("../outside")})

    with pytest.raises(SymlinkNotAllowed, match="linked is a symbolic link"):
        rendering.render(tree, path="linked/apps")
