"""kustomize's origin annotation becomes a path of the repository and leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitops.render import origins

ROOT = Path("/run/tree-1")
BUILT = Path("/run/wrapper-2")


def built(origin: Any, **more: str) -> dict[str, Any]:
    return {
        "kind": "A",
        "metadata": {"name": "a", "annotations": {origins.ANNOTATION: origin, **more}},
    }


@pytest.mark.parametrize(
    ("origin", "file"),
    [
        ("path: ../tree-1/base/a.yaml\n", "base/a.yaml"),
        (
            "configuredIn: ../tree-1/kustomization.yaml\nconfiguredBy: {kind: X}\n",
            "kustomization.yaml",
        ),
        ("path: ../../etc/passwd\n", ""),
        ("path: 3\n", ""),
        ("repo: https://example.com/x\n", ""),
        ("- a\n", ""),
        ("a: b: c", ""),
        (7, ""),
    ],
)
def test_an_origin_is_a_path_of_the_tree_or_unknown(origin: Any, file: str) -> None:
    assert origins.file_of(built(origin), built=BUILT, root=ROOT) == file


@pytest.mark.parametrize("manifest", [{}, {"metadata": None}, {"metadata": {}}, None, "x"])
def test_a_manifest_without_origin_is_left_alone(manifest: Any) -> None:
    assert origins.file_of(manifest, built=BUILT, root=ROOT) == ""
    assert origins.without(manifest) == manifest


def test_the_annotation_goes_and_others_stay() -> None:
    assert origins.without(built("path: x")) == {"kind": "A", "metadata": {"name": "a"}}
    kept = origins.without(built("path: x", other="y"))
    assert kept["metadata"]["annotations"] == {"other": "y"}
