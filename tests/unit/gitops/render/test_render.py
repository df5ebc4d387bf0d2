"""The front door, and the golden cases: a tree and what it renders to for a project.

Each case is a folder of tests/golden/render with `in/` (or the name of another case's tree) and a
path in case.yaml; UPDATE_GOLDEN=1 writes expected.yaml.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gitops import render as rendering
from gitops.render import validate, yamlio
from gitops.tree import FileTree, InvalidPath
from projects.errors import Invalid
from projects.kube import masking
from tests.unit.gitops.render import trees

GOLDEN = Path(__file__).parents[3] / "golden" / "render"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/case.yaml"))
SCOPE = validate.Scope(namespace="shop")


def outcome(case: dict[str, Any], name: str) -> dict[str, Any]:
    """Render and check one case; an error is an outcome too."""
    tree = FileTree(GOLDEN / (case.get("tree") or name) / "in")
    try:
        rendered = rendering.render(tree, path=case["path"])
        checked = validate.check(rendered.objects, scope=SCOPE)
    except Invalid as error:
        return {
            "error": type(error).__name__,
            "reason": str(error.reason),
            "message": error.message,
        }
    return {
        "renderer": rendered.renderer.value,
        "objects": [{"from": found.where, "manifest": found.manifest} for found in checked],
    }


@pytest.mark.parametrize("name", CASES)
def test_a_case_renders_as_expected(name: str) -> None:
    case = yamlio.load((GOLDEN / name / "case.yaml").read_bytes(), file="case.yaml")
    expected = GOLDEN / name / "expected.yaml"

    found = outcome(case, name)

    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(yamlio.dump_all([found]), encoding="utf-8")
    assert found == yamlio.load(expected.read_bytes(), file="expected.yaml")


def test_there_are_cases() -> None:
    assert {"shop-prod", "shop-staging", "plain", "refused-scope"} <= set(CASES)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"apps/a.yaml": trees.config_map("a")})

    with pytest.raises(rendering.PathNotFound, match="'app' is not there") as caught:
        rendering.render(tree, path="app")

    assert caught.value.reason == "PathNotFound"


def test_a_file_is_not_a_directory(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"apps/a.yaml": trees.config_map("a")})

    with pytest.raises(rendering.PathNotFound, match="is a file; want a directory"):
        rendering.render(tree, path="apps/a.yaml")


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "hello"},
        {"a.yaml": "# nothing\n---\n", "b.json": " "},
        {"a.yaml": "apiVersion: v1\nkind: List\nitems: []\n"},
        {"kustomization.yaml": "resources: []\n"},
        {},
    ],
    ids=["no manifests", "comments", "an empty list", "an empty kustomization", "an empty commit"],
)
def test_nothing_rendered_is_an_error_and_never_an_answer(
    tmp_path: Path, files: dict[str, str | bytes | trees.Link]
) -> None:
    tree = trees.make(tmp_path, files)

    with pytest.raises(rendering.NothingRendered) as caught:
        rendering.render(tree, path="./")

    assert caught.value.reason == "NothingRendered"


def test_a_path_is_normalised(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"apps/a.yaml": trees.config_map("a")})

    found = rendering.render(tree, path="./apps/./")

    assert [each.where for each in found.objects] == ["apps/a.yaml:1"]
    with pytest.raises(InvalidPath):
        rendering.render(tree, path="../apps")


def test_a_rendered_secret_is_not_in_a_repr(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: hunter2}\n"
    tree = trees.make(tmp_path, {"a.yaml": secret})

    found = rendering.render(tree, path="")

    assert "hunter2" not in repr(found)
    assert masking.MASK not in repr(found)


def test_rendering_again_gives_the_same(tmp_path: Path) -> None:
    tree = FileTree(GOLDEN / "shop-prod" / "in")

    first = rendering.render(tree, path="overlays/prod")

    assert rendering.render(tree, path="overlays/prod") == first
