"""A mirror tells about its commits what it can, and says when it cannot."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import FetchLimits, history
from tests.fakes import processes

if TYPE_CHECKING:
    from tests.fakes import git
    from tests.fakes.git_reader import Reader


class TestCommitInfo:
    def test_is_who_when_and_what(self, reader: Reader, repository: git.Repository) -> None:
        commit = repository.commit({"x": "1"}, message="Add x\n\nBecause.", author="Ö <o@x.test>")
        reader.fetch(commit)

        found = history.commit_info(reader.mirror, commit)

        assert found == history.CommitInfo(
            commit=commit,
            author="Ö",
            committed_at=datetime(2023, 11, 14, 22, 13, 22, tzinfo=UTC),
            subject="Add x",
        )

    @pytest.mark.parametrize("message", ["a\x1b[31mb\u202ec\rd", "x" * 5000, "", "\n\n"])
    def test_is_one_short_printable_line(
        self, reader: Reader, repository: git.Repository, message: str
    ) -> None:
        commit = repository.commit({"x": "1"}, message=message)
        reader.fetch(commit)

        subject = history.commit_info(reader.mirror, commit).subject

        assert subject.isprintable()
        assert len(subject) <= 200

    def test_is_readable_whatever_encoding_and_date_the_commit_claims(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        tree = repository.git("rev-parse", "main^{tree}").strip()
        raw = (
            f"tree {tree}\nauthor \xe9 <e@x.test> 1 +0000\n"
            "committer \xe9 <e@x.test> 99999999999999999 +0000\nencoding klingon\n\nHello \xe9\n"
        ).encode("latin-1")
        commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", data=raw).strip()
        repository.git("update-ref", "refs/heads/main", commit)
        reader.fetch(commit)

        found = history.commit_info(reader.mirror, commit)

        assert found.subject == "Hello \ufffd"
        assert found.committed_at == datetime(1970, 1, 1, tzinfo=UTC)

    def test_of_a_commit_that_is_not_here_is_refused(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        reader.fetch(repository.head())

        with pytest.raises(room.CommitNotFetched):
            history.commit_info(reader.mirror, "a" * 40)

    def test_of_a_mirror_that_is_not_here_is_refused(self, reader: Reader) -> None:
        with pytest.raises(room.CommitNotFetched):
            history.commit_info(reader.mirror, "a" * 40)


class TestIsAncestor:
    def test_is_true_along_a_branch_and_for_itself(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        old = repository.head()
        repository.commit({"x": "1"})
        new = repository.commit({"x": "2"})
        reader.fetch(new)

        assert history.is_ancestor(reader.mirror, old, new) is True
        assert history.is_ancestor(reader.mirror, new, new) is True

    def test_is_true_through_a_merge(self, reader: Reader, repository: git.Repository) -> None:
        side = repository.commit({"side": "1"}, branch="side")
        tree = repository.git("rev-parse", "main^{tree}").strip()
        who = ("-c", "user.name=a", "-c", "user.email=a@x.test")
        parents = ("-p", repository.head(), "-p", side)
        merge = repository.git(*who, "commit-tree", tree, *parents, "-m", "merge").strip()
        repository.git("update-ref", "refs/heads/main", merge)
        reader.fetch(merge)

        assert history.is_ancestor(reader.mirror, side, merge) is True

    def test_is_false_after_history_was_rewritten(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        old = repository.head()
        reader.fetch(old)
        new = repository.force_push({"x": "1"})
        reader.fetch(new)

        assert history.is_ancestor(reader.mirror, old, new) is False
        assert history.is_ancestor(reader.mirror, new, old) is False

    def test_is_unknown_when_the_history_here_is_too_short(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        old = repository.head()
        for number in range(4):
            new = repository.commit({"n": str(number)})
        reader.fetch(new, limits=FetchLimits(depth=2))

        assert history.is_ancestor(reader.mirror, old, new) is None

    def test_is_unknown_without_a_mirror(self, reader: Reader) -> None:
        assert history.is_ancestor(reader.mirror, "a" * 40, "b" * 40) is None


class TestChangedFiles:
    def test_are_added_changed_and_removed_ones(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        old = repository.head()
        new = repository.commit(
            {"README.md": None, "apps/web.yaml": "a: 2\n", "new/deep/x": "1", "same": "1"}
        )
        reader.fetch(new)

        found = history.changed_files(reader.mirror, old, new)

        assert found == ("README.md", "apps/web.yaml", "new/deep/x", "same")

    def test_are_found_when_a_file_becomes_a_directory(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        old = repository.commit({"x": "1"})
        new = repository.commit({"x": None, "x/y": "1"})
        reader.fetch(new)

        assert history.changed_files(reader.mirror, old, new) == ("x", "x/y")
        assert history.changed_files(reader.mirror, new, old) == ("x", "x/y")

    def test_are_none_between_equal_trees(self, reader: Reader, repository: git.Repository) -> None:
        old = repository.head()
        new = repository.commit({}, message="empty")
        reader.fetch(new)

        assert history.changed_files(reader.mirror, old, new) == ()

    def test_are_unknown_when_a_commit_is_not_here(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        reader.fetch(repository.head())

        assert history.changed_files(reader.mirror, "a" * 40, repository.head()) is None


class TestReading:
    def test_leaves_no_process_behind(self, reader: Reader, repository: git.Repository) -> None:
        reader.fetch(repository.head())

        history.commit_info(reader.mirror, repository.head())

        assert processes.gone_from(reader.mirror.path)

    def test_gives_git_no_variable_of_ours(
        self, reader: Reader, repository: git.Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", "canary-of-history")
        reader.fetch(repository.head())

        with history._reading(reader.mirror) as opened:
            info = opened.odb.info(bytes.fromhex(repository.head()))
            running = processes.at_work_in(reader.mirror.path)
            telling = processes.with_variable("canary-of-history")

        assert info.type == b"commit"
        assert running
        assert not set(running) & set(telling)

    def test_stops_at_damaged_objects(self, reader: Reader, repository: git.Repository) -> None:
        commit = repository.commit({"x": os.urandom(2000).hex()})
        reader.fetch(commit)
        for path in (reader.mirror.path / "objects" / "pack").glob("*.pack"):
            path.chmod(0o600)
            path.write_bytes(b"PACK" + bytes(2000))

        assert history.is_ancestor(reader.mirror, "a" * 40, commit) is None
        assert history.changed_files(reader.mirror, commit, commit) is None
