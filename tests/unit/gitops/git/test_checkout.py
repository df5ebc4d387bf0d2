"""A mirror holds the commits it was asked for, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import FetchLimits, GitRef, Mirror, checkout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes import git
    from tests.fakes.git_reader import Reader

FILES = {"README.md": b"fleet\n", "apps/web.yaml": b"a: 1\n"}


class TestFetch:
    def test_brings_the_commit_of_a_branch(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        commit = repository.head()
        assert not reader.mirror.has(commit)

        reader.fetch(commit)

        assert reader.mirror.has(commit)
        assert reader.files(commit) == FILES

    def test_brings_what_a_tag_points_at(self, reader: Reader, repository: git.Repository) -> None:
        repository.tag("v1", message="first")
        repository.commit({"README.md": "later"})

        assert reader.read(GitRef(tag="v1")) == FILES

    def test_brings_a_commit_that_is_no_tip(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        first = repository.head()
        repository.commit({"README.md": "later"})

        assert reader.read(GitRef(commit=first)) == FILES

    def test_brings_what_was_decided_even_if_the_branch_went_on(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        decided = reader.head()
        repository.commit({"README.md": "later"})

        reader.fetch(decided)

        assert reader.files(decided) == FILES

    def test_follows_a_rewritten_branch(self, reader: Reader, repository: git.Repository) -> None:
        old = repository.head()
        reader.fetch(old)
        new = repository.force_push({"new.yaml": "b: 2\n"})

        assert reader.read() == {"new.yaml": b"b: 2\n"}
        assert reader.mirror.has(new)
        assert reader.files(old) == FILES

    def test_follows_a_change_of_ref_whatever_the_names(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        repository.commit({"x": "1"}, branch="a")
        reader.read(GitRef(branch="a"))
        repository.delete_branch("a")
        repository.commit({"x": "2"}, branch="a/b")

        assert reader.read(GitRef(branch="a/b")) == {"x": b"2"}

    @pytest.mark.parametrize(
        ("ref", "kind"),
        [
            (GitRef(branch="gone"), room.RefNotFound),
            (GitRef(commit="a" * 40), room.RefNotFound),
            (GitRef(), room.RefMoved),
        ],
    )
    def test_tells_a_missing_ref_from_one_that_moved(
        self, reader: Reader, ref: GitRef, kind: type[Exception]
    ) -> None:
        with pytest.raises(kind):
            reader.fetch("a" * 40, ref)

    def test_leaves_what_is_here_alone_when_the_server_fails(
        self, reader: Reader, repository: git.Repository, git_server: git.GitServer
    ) -> None:
        commit = repository.head()
        reader.fetch(commit)
        git_server.password = "changed meanwhile"

        with pytest.raises(room.AuthenticationFailed):
            reader.fetch(commit)

        assert reader.files(commit) == FILES

    def test_keeps_a_bounded_stretch_of_history(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        commits = [repository.commit({"n": str(number)}) for number in range(5)]

        reader.fetch(commits[-1], limits=FetchLimits(depth=2))

        assert [reader.mirror.has(commit) for commit in commits[-3:]] == [False, True, True]

    def test_keeps_the_number_of_packs_bounded(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        for number in range(6):
            reader.fetch(repository.commit({"n": str(number)}), limits=FetchLimits(max_packs=3))

        packs = list((reader.mirror.path / "objects" / "pack").glob("*.pack"))
        assert len(packs) <= 3
        assert reader.files(repository.head())["n"] == b"5"

    def test_is_not_stopped_by_what_a_killed_run_left(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        reader.fetch(repository.head())
        for litter in ("shallow.lock", "refs/slipway/head.lock", "objects/pack/tmp_pack_x"):
            (reader.mirror.path / litter).write_text("left behind")
        commit = repository.commit({"x": "1"})

        reader.fetch(commit)

        assert reader.mirror.has(commit)
        assert not (reader.mirror.path / "objects/pack/tmp_pack_x").exists()


class TestDamage:
    @pytest.mark.parametrize("name", ["HEAD", "config", "objects", "refs"])
    def test_to_the_mirror_is_healed_by_the_next_fetch(
        self, reader: Reader, repository: git.Repository, name: str
    ) -> None:
        reader.fetch(repository.head())
        damaged = reader.mirror.path / name
        if damaged.is_dir():
            shutil.rmtree(damaged)
        else:
            damaged.write_bytes(b"\0\0")
        commit = repository.commit({"x": "1"})

        reader.fetch(commit)

        assert reader.files(commit)["x"] == b"1"
        assert sorted(path.name for path in reader.mirror.path.parent.iterdir()) == [
            "fleet",
            "fleet.lock",
        ]

    @pytest.mark.parametrize("suffix", ["pack", "idx"])
    def test_to_its_objects_is_noticed_and_healed(
        self, reader: Reader, repository: git.Repository, suffix: str
    ) -> None:
        commit = repository.commit({"large": os.urandom(50_000).hex()})
        reader.fetch(commit)
        for path in (reader.mirror.path / "objects" / "pack").glob(f"*.{suffix}"):
            _flip(path)

        with pytest.raises((room.MirrorDamaged, room.CommitNotFetched)):
            reader.files(commit)
        reader.fetch(commit)

        assert reader.files(commit).keys() == {*FILES, "large"}

    def test_of_the_server_s_own_objects_is_reported_as_such(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        good = repository.head()
        reader.fetch(good)
        bad = repository.commit({"x": os.urandom(5000).hex()})
        blob = repository.git("rev-parse", f"{bad}:x").strip()
        _flip(repository.path / "objects" / blob[:2] / blob[2:])

        with pytest.raises(room.CorruptRepository, match="cannot read its own repository"):
            reader.fetch(bad)

        assert reader.files(good) == FILES
        assert not reader.mirror.has(bad)


class TestTogether:
    def test_many_fetches_at_once_all_get_there(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        commit = repository.head()
        failed: list[BaseException] = []

        def fetch() -> None:
            try:
                reader.fetch(commit)
            except room.MirrorBusy as error:
                failed.append(error)

        workers = [threading.Thread(target=fetch) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert failed == []
        assert reader.files(commit) == FILES

    def test_another_process_that_fetches_is_waited_for(
        self, reader: Reader, repository: git.Repository, tmp_path: Path
    ) -> None:
        reader.fetch(repository.head())
        holding = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(tmp_path / "mirrors" / "fleet.lock")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"held\n"

        with pytest.raises(room.MirrorBusy):
            reader.fetch(repository.head(), timeout=0.3)
        holding.communicate()

        reader.fetch(repository.head())


def test_a_dropped_mirror_leaves_nothing(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    reader.fetch(repository.head())

    reader.mirror.drop()
    reader.mirror.drop()

    assert list((tmp_path / "mirrors").iterdir()) == []
    assert not reader.mirror.has(repository.head())


def test_what_killed_workers_left_is_swept_by_age(tmp_path: Path) -> None:
    ages = {"slipway-tree-old": 7200, "slipway-git-old": 7200, "slipway-tree-new": 5, "other": 7200}
    for name, age in ages.items():
        (tmp_path / name / "inner").mkdir(parents=True)
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))

    removed = checkout.sweep(tmp_path, older_than=3600)

    assert removed == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "slipway-tree-new"]


def test_a_commit_is_asked_for_by_its_full_id(tmp_path: Path) -> None:
    with pytest.raises(room.InvalidRef):
        Mirror(tmp_path / "mirror").has("--batch")


_HOLD = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for at in range(len(raw) // 4, len(raw) * 3 // 4):
        raw[at] ^= 0xFF
    path.chmod(0o600)
    path.write_bytes(raw)
