"""The files of a commit are written as they are, or not at all."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.tree import FileTree, InvalidPath, LimitExceeded, TreeLimits
from tests.fakes.git import Executable, Submodule, Symlink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.fakes import git
    from tests.fakes.git_reader import Reader


class TestDirectory:
    def test_is_private_and_gone_afterwards(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        reader.fetch(repository.head())

        with reader.mirror.tree(repository.head()) as tree:
            modes = [path.stat().st_mode & 0o777 for path in (tree.root, tree.root / "README.md")]
            root = tree.root

        assert modes == [0o700, 0o600]
        assert not root.exists()

    def test_is_gone_after_a_failure_too(
        self, reader: Reader, repository: git.Repository, tmp_path: Path
    ) -> None:
        reader.fetch(repository.head())

        with contextlib.suppress(ZeroDivisionError), reader.mirror.tree(repository.head()) as tree:
            (tree.root / "locked").mkdir(mode=0)
            raise ZeroDivisionError

        assert list((tmp_path / "work").iterdir()) == []

    def test_is_gone_when_it_could_not_be_made(
        self, reader: Reader, repository: git.Repository, tmp_path: Path
    ) -> None:
        reader.fetch(repository.head())
        limits = TreeLimits(max_files=1)

        with (
            pytest.raises(LimitExceeded),
            reader.mirror.tree(repository.head(), limits=limits),
        ):
            pytest.fail("the tree is over the limit")

        assert list((tmp_path / "work").iterdir()) == []

    def test_of_a_commit_that_is_not_here_is_refused(self, reader: Reader) -> None:
        with pytest.raises(room.CommitNotFetched), reader.mirror.tree("a" * 40):
            pytest.fail("there is no such commit")


@contextlib.contextmanager
def written(
    reader: Reader,
    repository: git.Repository,
    files: Mapping[str, git.Content],
    limits: TreeLimits | None = None,
) -> Iterator[FileTree]:
    """Commit files, fetch them, and give the tree."""
    commit = repository.commit({"README.md": None, "apps/web.yaml": None, **files})
    reader.fetch(commit)
    with reader.mirror.tree(commit, limits=limits or TreeLimits()) as tree:
        yield tree


class TestContent:
    def test_is_that_of_the_blobs(self, reader: Reader, repository: git.Repository) -> None:
        files = {"empty": b"", "binary": bytes(range(256)) * 300, "crlf": b"a\r\nb\n", "ü/ ß": b"x"}

        with written(reader, repository, files) as tree:
            found = {path: tree.read(path) for path in tree.files()}

        assert found == files

    def test_is_not_changed_by_attributes(self, reader: Reader, repository: git.Repository) -> None:
        attributes = "* text eol=crlf ident export-subst filter=x\nsecret.yaml export-ignore\n"
        files = {".gitattributes": attributes, "a": "$Format:%H$ $Id$\n", "secret.yaml": "s\n"}

        with written(reader, repository, files) as tree:
            found = {path: tree.read(path).decode() for path in tree.files()}

        assert found == files

    def test_keeps_names_no_person_would_write(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        files = {"dev\\x2ddisk.swap": b"unit", "100%25.md": b"x", "-rf": b"y", "~": b"z"}

        with written(reader, repository, files) as tree:
            found = {path: tree.read(path) for path in tree.files()}

        assert found == files

    def test_loses_the_executable_bit(self, reader: Reader, repository: git.Repository) -> None:
        with written(reader, repository, {"run.sh": Executable("#!/bin/sh\n")}) as tree:
            mode = (tree.root / "run.sh").stat().st_mode & 0o777

        assert mode == 0o600

    def test_names_links_and_submodules_and_writes_neither(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        files = {
            "a.yaml": "a: 1",
            "passwd.yaml": Symlink("/etc/passwd"),
            "self": Symlink("self"),
            "inside.yaml": Symlink("a.yaml"),
            "up": Symlink("../.."),
            "vendored": Submodule("b" * 40),
        }

        with written(reader, repository, files) as tree:
            on_disk = sorted(path.name for path in tree.root.iterdir())
            links, submodules = tree.links, tree.submodules

        assert on_disk == ["a.yaml"]
        assert links == {"passwd.yaml", "self", "inside.yaml", "up", "vendored"}
        assert submodules == {"vendored"}


class TestLimits:
    def test_count_the_files(self, reader: Reader, repository: git.Repository) -> None:
        files = {f"f{number}": "x" for number in range(12)}

        with (
            pytest.raises(LimitExceeded, match=r"has 12 files.* the limit is 10"),
            written(reader, repository, files, TreeLimits(max_files=10)),
        ):
            pytest.fail("over the limit")

    def test_count_links_too(self, reader: Reader, repository: git.Repository) -> None:
        files = {f"f{number}": Symlink("x") for number in range(12)}

        with (
            pytest.raises(LimitExceeded),
            written(reader, repository, files, TreeLimits(max_files=10)),
        ):
            pytest.fail("over the limit")

    def test_count_directories(self, reader: Reader, repository: git.Repository) -> None:
        files = {f"{number}/a/b/c/d/e": "x" for number in range(5)}

        with (
            pytest.raises(LimitExceeded, match="25 directories; the limit is 10"),
            written(reader, repository, files, TreeLimits(max_files=10)),
        ):
            pytest.fail("over the limit")

    def test_sum_the_bytes(self, reader: Reader, repository: git.Repository) -> None:
        files = {f"f{number}": "x" * 100 for number in range(3)}

        with (
            pytest.raises(LimitExceeded, match="have 300 bytes; the limit is 250"),
            written(reader, repository, files, TreeLimits(max_total_bytes=250)),
        ):
            pytest.fail("over the limit")

    def test_leave_large_files_out_and_in_sight(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        files = {"a.yaml": "a", "video.mp4": "x" * 5000}
        limits = TreeLimits(max_file_bytes=1000, max_total_bytes=1000)

        with written(reader, repository, files, limits) as tree:
            assert tree.files() == ("a.yaml", "video.mp4")
            assert not (tree.root / "video.mp4").exists()
            with pytest.raises(LimitExceeded, match=r"video\.mp4 has 5000 bytes.* is 1000"):
                tree.read("video.mp4")


class TestNames:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("latin-\udce9.yaml", "not UTF-8"),
            ("a\nb.yaml", "control character"),
            ("x/" * 70 + "a", "too long or too deep"),
            ("x" * 256, "too long or too deep"),
            ("/".join(["y" * 200] * 6), "too long or too deep"),
            ("z" * 5_000, "too long or too deep"),
            ("z/" * 5_000 + "z", "too long or too deep"),
        ],
    )
    def test_that_cannot_be_shown_or_stored_are_refused(
        self, reader: Reader, repository: git.Repository, name: str, sentence: str
    ) -> None:
        with (
            pytest.raises(InvalidPath, match=sentence),
            written(reader, repository, {name: "x"}),
        ):
            pytest.fail("refused")
