"""S-10: a source path is a path below the root of the repository, in whatever way it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.tree import InvalidPath
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

ESCAPES = ["../x", "a/../../b", "/etc", "a\0b", "%2e%2e/", "a//b", "a\\..\\b", "x" * 5000, ".."]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_could_leave_is_refused(tmp_path: Path, path: str) -> None:
    trees.make(tmp_path / "x", {"a.yaml": trees.config_map("outside")})
    tree = trees.make(tmp_path / "tree", {"a.yaml": trees.config_map("inside")})

    with pytest.raises(InvalidPath) as caught:
        rendering.render(tree, path=path)

    assert caught.value.reason == "InvalidPath"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("path", ["", ".", "./", "././"])
def test_the_root_may_be_written_as_a_dot(tmp_path: Path, path: str) -> None:
    tree = trees.make(tmp_path, {"a.yaml": trees.config_map("inside")})

    assert rendering.render(tree, path=path).objects[0].ref.name == "inside"
