"""A run of git is bounded: in time, in output, in what it may write, in what it leaves running.

Git aliases stand in for helpers that misbehave: `git wait` is a shell below git, as a transport
helper would be.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitops.git import environment, process
from gitops.git.environment import ProcessLimits, Setting
from tests.fakes import processes

if TYPE_CHECKING:
    from pathlib import Path


def setting(directory: Path, *, seconds: float = 20.0, **aliases: str) -> Setting:
    return Setting(
        directory=directory,
        deadline=time.monotonic() + seconds,
        config=tuple((f"alias.{name}", f"!{script}") for name, script in aliases.items()),
    )


class TestRun:
    def test_returns_what_git_wrote_and_how_it_ended(self, tmp_path: Path) -> None:
        here = setting(tmp_path, both="echo out; echo err >&2; exit 3")

        finished = process.run(here, "both")

        assert (finished.returncode, finished.stdout, finished.stderr) == (3, b"out\n", "err\n")

    def test_is_ended_at_the_deadline_with_all_below_it(self, tmp_path: Path) -> None:
        stubborn = "trap '' TERM; sleep 61.25 & (trap '' TERM; sleep 61.25) & sleep 61.25"
        here = setting(tmp_path, seconds=0.5, wait=stubborn)
        before = time.monotonic()

        with pytest.raises(process.GitTimeout, match="git wait was still running"):
            process.run(here, "wait")

        assert time.monotonic() - before < 4
        assert processes.gone("sleep\x0061.25")

    def test_leaves_nobody_behind_when_it_ends_well(self, tmp_path: Path) -> None:
        here = setting(tmp_path, fork="sleep 62.25 >/dev/null 2>&1 & echo done")

        finished = process.run(here, "fork")

        assert finished.stdout == b"done\n"
        assert processes.gone("sleep\x0062.25")

    def test_does_not_wait_for_one_that_only_holds_its_output_open(self, tmp_path: Path) -> None:
        here = setting(tmp_path, fork="sleep 63.25 & echo done")
        before = time.monotonic()

        finished = process.run(here, "fork")

        assert finished.stdout == b"done\n"
        assert time.monotonic() - before < 5
        assert processes.gone("sleep\x0063.25")

    def test_is_ended_when_it_writes_without_end(self, tmp_path: Path) -> None:
        here = replace(setting(tmp_path, pour="yes"), limits=ProcessLimits(output_bytes=1 << 20))

        with pytest.raises(process.OutputTooLarge, match="more than 1048576 bytes"):
            process.run(here, "pour")

    def test_keeps_the_last_of_what_it_complains(self, tmp_path: Path) -> None:
        here = setting(tmp_path, moan="yes | head -c 300000 >&2; echo fatal: at last >&2")

        finished = process.run(here, "moan")

        assert finished.stderr.endswith("fatal: at last\n")
        assert len(finished.stderr) <= 32 << 10

    def test_takes_the_secrets_out_of_what_it_complains(self, tmp_path: Path) -> None:
        here = setting(tmp_path, tell="echo https://u:pw@h/ hunter22 aHVudGVyMjI= >&2")

        finished = process.run(replace(here, secrets=("hunter22",)), "tell")

        assert finished.stderr == "https://h/ **SECRET** **SECRET**\n"

    def test_has_no_input_and_no_terminal(self, tmp_path: Path) -> None:
        here = setting(tmp_path, ask="cat; test -t 0 || echo no terminal")

        finished = process.run(here, "ask")

        assert finished.stdout == b"no terminal\n"

    def test_says_when_there_is_no_git(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(environment, "PATH", str(tmp_path))

        with pytest.raises(environment.GitNotStarted, match="git program"):
            process.run(setting(tmp_path), "version")


class TestEnvironment:
    def test_is_made_here_and_holds_nothing_of_ours(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", "canary")
        monkeypatch.setenv("GIT_SSH_COMMAND", "touch here")
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
        here = setting(tmp_path, reveal="env")

        shown = process.run(here, "reveal").stdout.decode()

        names = {line.partition("=")[0] for line in shown.splitlines()}
        shells = {"_", "PWD", "OLDPWD", "SHLVL"}
        theirs = {name for name in names if name.startswith("GIT_")}
        assert names - theirs - shells == {"PATH", "HOME", "LC_ALL"}
        assert "canary" not in shown
        assert "GIT_SSH_COMMAND" not in names

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("core.symlinks", "false"),
            ("core.hooksPath", "/dev/null"),
            ("transfer.fsckObjects", "true"),
            ("protocol.file.allow", "never"),
            ("credential.helper", ""),
            ("gc.auto", "0"),
        ],
    )
    def test_configures_git_itself(self, tmp_path: Path, key: str, value: str) -> None:
        finished = process.run(setting(tmp_path), "config", "--get", key)

        assert finished.stdout.decode() == f"{value}\n"

    def test_reads_no_configuration_of_a_user(self, tmp_path: Path) -> None:
        finished = process.run(setting(tmp_path), "config", "--list", "--show-origin")

        origins = {line.partition("\t")[0] for line in finished.stdout.decode().splitlines()}
        assert origins == {"command line:"}


@pytest.fixture(params=["prlimit", "python"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of setting limits: by prlimit(1), and where there is none."""
    if request.param == "python":
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("git", "sh", "head", "cat"):
            (programs / name).symlink_to(f"/usr/bin/{name}")
        monkeypatch.setattr(environment, "PATH", str(programs))
    return str(request.param)


class TestLimits:
    def test_hold_the_size_of_a_file(self, tmp_path: Path, way: str) -> None:
        here = setting(tmp_path, write="head -c 300000 /dev/zero >large; echo $?")
        limited = replace(here, limits=ProcessLimits(file_bytes=100_000))

        process.run(limited, "write")

        assert (tmp_path / "large").stat().st_size == 100_000, way

    def test_are_those_that_were_asked_for(self, tmp_path: Path, way: str) -> None:
        here = setting(tmp_path, reveal="cat /proc/self/limits")
        limited = replace(here, limits=ProcessLimits(memory_bytes=300 << 20))

        shown = process.run(limited, "reveal").stdout.decode()

        rows = {line[:25].strip(): line[25:].split() for line in shown.splitlines()}
        assert rows["Max data size"][:2] == [str(300 << 20)] * 2, way
        assert rows["Max core file size"][:2] == ["0", "0"]


class TestRunning:
    def test_answers_line_by_line(self, tmp_path: Path) -> None:
        with process.start(setting(tmp_path, echo="cat"), "echo") as running:
            running.ask("one")
            first = running.read_until(b"\n", limit=100)
            running.ask("two")
            second = running.read_exactly(4)

        assert (first, second) == (b"one", b"two\n")

    def test_gives_what_there_is_at_the_end(self, tmp_path: Path) -> None:
        with process.start(setting(tmp_path, some="printf abc"), "some") as running:
            assert running.read_exactly(10) == b"abc"
            assert running.read_until(b"\n", limit=100) == b""
            assert running.finish().returncode == 0

    def test_refuses_a_record_without_end(self, tmp_path: Path) -> None:
        with (
            process.start(setting(tmp_path, pour="yes | tr -d '\\n'"), "pour") as running,
            pytest.raises(process.OutputTooLarge),
        ):
            running.read_until(b"\n", limit=1000)

    def test_is_gone_when_the_block_is_left_early(self, tmp_path: Path) -> None:
        with process.start(setting(tmp_path, wait="sleep 64.25"), "wait"):
            pass

        assert processes.gone("sleep\x0064.25")


def test_the_version_of_git_is_known() -> None:

    assert process.version() >= (2, 24)
