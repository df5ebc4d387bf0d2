"""S-13: kustomizations that include each other end at once, whatever the circle."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render.prescan import CycleDetected
from gitops.tree import LimitExceeded
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
CIRCLES: dict[str, dict[str, str | bytes | trees.Link]] = {
    "itself": {"a/kustomization.yaml": "resources: [.]\n"},
    "itself from above": {"a/kustomization.yaml": "resources: [../a]\n"},
    "its parent": {
        "a/kustomization.yaml": "resources: [b]\n",
        "a/b/kustomization.yaml": "resources: [..]\n",
    },
    "three": {
        "a/kustomization.yaml": "resources: [../b]\n",
        "b/kustomization.yaml": "bases: [../c]\n",
        "c/kustomization.yaml": "components: [../a]\n",
    },
    "a component": {
        "a/kustomization.yaml": "components: [../b]\n",
        "b/kustomization.yaml": COMPONENT + "components: [../b]\n",
    },
    "a transformer": {"a/kustomization.yaml": "transformers: [../a]\n"},
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_circle_is_told_with_its_way(tmp_path: Path, circle: str) -> None:
    tree = trees.make(tmp_path, CIRCLES[circle])
    started = time.monotonic()

    with pytest.raises(CycleDetected, match=r"include each other: .* -> ") as caught:
        rendering.render(tree, path="a")

    assert caught.value.reason == "CycleDetected"
    assert time.monotonic() - started < 5


def test_a_ladder_of_doubled_bases_is_refused_before_it_is_climbed(tmp_path: Path) -> None:
    # 2^15 ways to the bottom: kustomize would read each directory once for every way.
    files: dict[str, str | bytes | trees.Link] = {
        f"{side}{n}/kustomization.yaml": f"resources: [../d{n + 1}, ../e{n + 1}]\n"
        for n in range(15)
        for side in "de"
    }
    files["d15/kustomization.yaml"] = files["e15/kustomization.yaml"] = "resources: []\n"
    tree = trees.make(tmp_path, files)
    started = time.monotonic()

    with pytest.raises(LimitExceeded, match="more than 1000 kustomizations"):
        rendering.render(tree, path="d0")

    assert time.monotonic() - started < 5
