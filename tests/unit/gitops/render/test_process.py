"""A child process ends by itself or is ended, and takes nothing of ours with it."""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from gitops.render import process
from gitops.render.process import Bounds, Isolation
from tests.fakes import processes

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
BOUNDS = Bounds(seconds=20, memory_bytes=512 * MIB, output_bytes=MIB)


def python(
    script: str, directory: Path, *, bounds: Bounds = BOUNDS, argument: str = "x"
) -> process.Finished:
    return process.run(
        (sys.executable, "-I", "-c", script, argument),
        directory=directory,
        environment={"GREETING": "hello"},
        bounds=bounds,
    )


def test_output_errors_and_code_come_back(tmp_path: Path) -> None:
    found = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)

    assert (found.code, found.output, found.errors) == (3, b"out\n", "err\n")


def test_the_child_has_the_given_environment_and_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")

    found = python("import os, sys; print(dict(os.environ), sys.stdin.read())", tmp_path)

    assert b"canary" not in found.output
    assert b"'GREETING': 'hello'" in found.output


def test_it_is_ended_with_its_children_when_time_is_up(tmp_path: Path) -> None:
    token = uuid.uuid4().hex
    script = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]]);"
        "time.sleep(60)"
    )
    bounds = Bounds(seconds=1, memory_bytes=512 * MIB, output_bytes=MIB)
    started = time.monotonic()

    with pytest.raises(process.TimedOutError):
        python(script, tmp_path, bounds=bounds, argument=token)

    assert time.monotonic() - started < 10
    assert processes.gone(token)


def test_children_that_stay_behind_are_ended(tmp_path: Path) -> None:
    token = uuid.uuid4().hex
    script = (
        "import subprocess, sys;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]],"
        " stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)"
    )

    found = python(script, tmp_path, argument=token)

    assert found.code == 0
    assert processes.gone(token)


def test_one_that_closes_its_output_and_stays_is_ended(tmp_path: Path) -> None:
    bounds = Bounds(seconds=1, memory_bytes=512 * MIB, output_bytes=MIB)

    with pytest.raises(process.TimedOutError):
        python("import os, time; os.close(1); os.close(2); time.sleep(60)", tmp_path, bounds=bounds)


def test_output_beyond_the_limit_ends_it(tmp_path: Path) -> None:
    with pytest.raises(process.OutputTooLargeError):
        python("while True: print('x' * 65536)", tmp_path)


def test_errors_beyond_their_limit_are_dropped(tmp_path: Path) -> None:
    found = python("import sys; [sys.stderr.write('x' * 65536) for _ in range(100)]", tmp_path)

    assert found.code == 0
    assert len(found.errors) <= 65536


def test_memory_is_limited(tmp_path: Path) -> None:
    found = python("print(len(bytearray(600 << 20)))", tmp_path)

    assert found.code == 1
    assert "MemoryError" in found.errors


def test_no_file_can_be_written(tmp_path: Path) -> None:
    found = python(
        "import os; os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'y' * 100)", tmp_path
    )

    assert found.code != 0
    assert not (tmp_path / "x").exists() or (tmp_path / "x").read_bytes() == b""


@pytest.mark.parametrize("program", ["/nonexistent/program", "/etc/passwd"])
def test_a_program_that_cannot_be_run_fails(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "isolation", lambda: Isolation.NONE)
    monkeypatch.setattr(process, "_limits", lambda _bounds: [])

    with pytest.raises(process.NotStartedError):
        process.run((program,), directory=tmp_path, environment={}, bounds=BOUNDS)


@pytest.mark.parametrize("level", list(Isolation))
def test_a_child_runs_at_every_level_this_machine_has(
    tmp_path: Path, level: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if list(Isolation).index(level) < list(Isolation).index(process.isolation()):
        pytest.skip("this machine gives less")
    monkeypatch.setattr(process, "isolation", lambda: level)

    assert python("print('here')", tmp_path).output == b"here\n"
