"""A FileTree shows the files of a commit within limits, and nothing outside of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops import tree
from gitops.tree import FileTree, TreeLimits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository, written out."""
    for path, content in {"README.md": "hi", "apps/web/a.yaml": "a: 1", "apps/b.yaml": "b"}.items():
        target = tmp_path / "root" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return tmp_path / "root"


class TestNormalise:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("", ""),
            (".", ""),
            ("./", ""),
            ("apps", "apps"),
            ("./apps/prod/", "apps/prod"),
            ("apps/./prod", "apps/prod"),
            ("a b/ü", "a b/ü"),
            ("...", "..."),
            ("100%", "100%"),
        ],
    )
    def test_gives_git_s_form(self, text: str, path: str) -> None:
        assert tree.normalise(text) == path

    @pytest.mark.parametrize(
        "text",
        [
            "../x",
            "a/../../b",
            "a/..",
            "..",
            "/etc",
            "/",
            "a\0b",
            "a\nb",
            "a\\b",
            "a//b",
            "%2e%2e/",
            "a%2Fb",
            "x" * 5000,
            "x" * 256,
            "/".join("a" * 70),
            "a\u202eb",
            "\udcff",
        ],
    )
    def test_refuses_what_climbs_or_hides(self, text: str) -> None:
        with pytest.raises(tree.InvalidPath, match="want a path below the root"):
            tree.normalise(text)

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet=st.sampled_from("a./\\%2e-\0ü~ "), max_size=12) | st.text(max_size=30))
    def test_raises_nothing_else_and_is_its_own_result(self, text: str) -> None:
        try:
            path = tree.normalise(text)
        except tree.InvalidPath:
            return

        assert tree.normalise(path) == path
        assert not path.startswith("/")
        assert ".." not in path.split("/")


class TestFiles:
    def test_are_listed_in_path_order(self, root: Path) -> None:
        found = FileTree(root)

        assert found.files() == ("README.md", "apps/b.yaml", "apps/web/a.yaml")

    def test_are_listed_below_a_directory_only(self, root: Path) -> None:
        (root / "apps2").mkdir()
        (root / "apps2" / "c.yaml").touch()

        found = FileTree(root)

        assert found.files("./apps/") == ("apps/b.yaml", "apps/web/a.yaml")
        assert found.files("nothing") == ()

    def test_are_told_from_directories(self, root: Path) -> None:
        found = FileTree(root)

        assert found.has_dir("") is found.has_dir("apps") is found.has_dir("apps/web/") is True
        assert found.has_dir("app") is found.has_dir("README.md") is False
        assert found.has_file("apps/b.yaml") is True
        assert found.has_file("apps") is False

    def test_are_read_as_bytes(self, root: Path) -> None:
        assert FileTree(root).read("./apps/web/a.yaml") == b"a: 1"

    def test_are_not_there_when_the_commit_has_none(self, root: Path) -> None:
        with pytest.raises(tree.PathNotFound, match="apps/nope"):
            FileTree(root).read("apps/nope")

    def test_may_have_names_that_people_could_not_write_as_a_path(self, root: Path) -> None:
        (root / "dev-disk\\x2dlabel.swap").write_text("unit")

        assert FileTree(root).read("dev-disk\\x2dlabel.swap") == b"unit"

    def test_outside_of_the_root_are_not_reached(self, root: Path) -> None:
        (root.parent / "secret").write_text("secret")

        with pytest.raises(tree.InvalidPath):
            FileTree(root).read("../secret")


class TestLinks:
    def test_are_named_and_not_followed(self, root: Path) -> None:
        (root.parent / "secret").write_text("secret")
        (root / "link.yaml").symlink_to(root.parent / "secret")
        (root / "dir").symlink_to(root.parent)
        (root / "loop").symlink_to("loop")
        os.mkfifo(root / "pipe")

        found = FileTree(root, links=["elsewhere"], submodules=["sub"])

        assert found.links == {"link.yaml", "dir", "loop", "pipe", "elsewhere", "sub"}
        assert found.submodules == {"sub"}
        assert found.files() == ("README.md", "apps/b.yaml", "apps/web/a.yaml")

    def test_put_in_the_place_of_a_file_later_are_not_followed(self, root: Path) -> None:
        (root.parent / "secret").write_text("secret")
        found = FileTree(root)
        (root / "apps" / "b.yaml").unlink()
        (root / "apps" / "b.yaml").symlink_to(root.parent / "secret")

        with pytest.raises(tree.PathNotFound):
            found.read("apps/b.yaml")

    def test_put_in_the_place_of_a_directory_later_are_not_followed(self, root: Path) -> None:
        (root.parent / "outside").mkdir()
        (root.parent / "outside" / "b.yaml").write_text("secret")
        found = FileTree(root)
        (root / "apps").rename(root / "old")
        (root / "apps").symlink_to(root.parent / "outside")

        with pytest.raises(tree.PathNotFound):
            found.read("apps/b.yaml")


class TestLimits:
    def test_name_the_number_of_files_and_the_limit(self, root: Path) -> None:
        with pytest.raises(tree.LimitExceeded, match="has 3 files; the limit is 2"):
            FileTree(root, limits=TreeLimits(max_files=2))

    def test_name_the_bytes_and_the_limit(self, root: Path) -> None:
        with pytest.raises(tree.LimitExceeded, match="have 7 bytes; the limit is 6"):
            FileTree(root, limits=TreeLimits(max_total_bytes=6))

    def test_let_a_large_file_be_until_it_is_read(self, root: Path) -> None:
        found = FileTree(root, limits=TreeLimits(max_file_bytes=3, max_total_bytes=3))

        assert found.read("apps/b.yaml") == b"b"
        with pytest.raises(tree.LimitExceeded, match=r"apps/web/a\.yaml has 4 bytes.* is 3"):
            found.read("apps/web/a.yaml")

    def test_keep_a_file_that_was_too_large_to_be_written_in_sight(self, root: Path) -> None:
        found = FileTree(root, oversized={"huge/x.yaml": 50 << 20})

        assert found.files("huge") == ("huge/x.yaml",)
        assert found.has_dir("huge")
        with pytest.raises(tree.LimitExceeded, match="52428800 bytes"):
            found.read("huge/x.yaml")

    def test_hold_for_a_file_that_grew(self, root: Path) -> None:
        found = FileTree(root, limits=TreeLimits(max_file_bytes=10))
        (root / "README.md").write_text("x" * 5000)

        with pytest.raises(tree.LimitExceeded):
            found.read("README.md")
