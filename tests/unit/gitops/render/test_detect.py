"""The renderer of a directory is chosen by the names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops.render import detect
from gitops.render.values import Renderer
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", detect.KUSTOMIZATION_NAMES)
def test_a_kustomization_file_means_kustomize(tmp_path: Path, name: str) -> None:
    tree = trees.make(tmp_path, {f"apps/{name}": "", "apps/Chart.yaml": "", "apps/a.yaml": ""})

    assert detect.detect(tree, "apps") is Renderer.KUSTOMIZE


def test_anything_else_is_plain(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"apps/a.yaml": "", "apps/sub/kustomization.yaml": ""})

    assert detect.detect(tree, "apps") is Renderer.PLAIN


def test_a_chart_is_refused_clearly(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"Chart.yaml": "", "templates/a.yaml": ""})

    with pytest.raises(
        detect.ChartNotSupported, match=r"^Chart\.yaml: charts are not supported yet"
    ):
        detect.detect(tree, "")


def test_two_kustomization_files_are_refused(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"a/kustomization.yaml": "", "a/Kustomization": ""})

    with pytest.raises(detect.SeveralKustomizations, match="a/Kustomization"):
        detect.detect(tree, "a")
