#!/usr/bin/env python3
"""Run the whole suite: on SQLite, again on PostgreSQL, and against real Kubernetes clusters.

In: .venv (scripts/install.sh). Out: three pytest runs and one honest sum of them; exit code 1 if
anything failed. The clusters' programs are built beside the fast tests the first time (about ten
minutes on two cores, then never again for the same versions). What did not run is listed with its
reason; it is never counted as passed.

Arguments after the names of runs (`sqlite`, `postgresql`, `clusters`; default all) go to pytest.
Standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "tests" / "realcluster" / "build.py"
# The script may be run by any Python; the tests need the one that `make install` made.
PYTHON = ROOT / ".venv" / "bin" / "python"
PYTEST_NO_TESTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pytest run: what it selects, and the environment it needs besides."""

    name: str
    select: str
    options: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    needs_clusters: bool = False


RUNS = (
    Run(name="sqlite", select="not realcluster", options=("-n", "2")),
    Run(
        name="postgresql",
        select="database and not realcluster",
        options=("-n", "2"),
        environ={"SLIPWAY_TEST_POSTGRES": "1"},
    ),
    # One process: a pair of clusters is 800 MB and most of two cores while it starts.
    Run(name="clusters", select="realcluster", options=("-n", "0"), needs_clusters=True),
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count another run's results in."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons.update(other.reasons)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(arguments: list[str]) -> int:
    """Run what was named (or everything), sum up, and return the exit code."""
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing started here stays
    names = {run.name for run in RUNS}
    wanted = {name for name in arguments if name in names} or names
    extra = [word for word in arguments if word not in names]
    runs = [run for run in RUNS if run.name in wanted]

    total = Tally()
    lines: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="slipway-test-") as folder,
        _building(runs, log=Path(folder) / "build.log") as build,
    ):
        for run in runs:
            if run.needs_clusters and build is not None:
                _follow(build, log=Path(folder) / "build.log")
            started = time.monotonic()
            tally = _pytest(run, extra=extra, report=Path(folder) / f"{run.name}.xml")
            lines.append(f"{run.name:>12}: {tally} in {time.monotonic() - started:.0f} s")
            total.add(tally)
    return _conclude(total, lines)


def _conclude(total: Tally, lines: list[str]) -> int:
    ran_nothing = total.passed + total.failed == 0
    print(f"\n{'=' * 30} all runs {'=' * 30}")
    print("\n".join(lines))
    if total.reasons:
        print("\n!!! NOT TESTED:")
        for reason, count in total.reasons.most_common():
            print(f"!!!   {count} x {reason}")
    if ran_nothing:
        print("\nno test ran: that is a failure")
    print(f"\n{total}", flush=True)
    return 1 if total.failed or ran_nothing else 0


def _pytest(run: Run, *, extra: list[str], report: Path) -> Tally:
    print(f"\n{'=' * 30} {run.name} {'=' * 30}", flush=True)
    command = [str(PYTHON), "-m", "pytest", "-q", "-m", run.select, *run.options]
    command += [f"--junitxml={report}", *extra]
    code = subprocess.run(command, env={**os.environ, **run.environ}, check=False).returncode
    if code == PYTEST_NO_TESTS:
        return Tally()
    tally = _read(report) if report.exists() else Tally()
    if code != 0 and tally.failed == 0:
        # A crash, a usage error, an interrupt: no test says so, hence this does.
        tally.failed = 1
        tally.reasons[f"the rest of {run.name}: pytest ended with code {code}"] += 1
    return tally


def _read(report: Path) -> Tally:
    tally = Tally()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own child
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed += 1
        elif skipped is not None:
            tally.skipped += 1
            tally.reasons[skipped.get("message") or "no reason given"] += 1
        else:
            tally.passed += 1
    return tally


@contextmanager
def _building(runs: list[Run], *, log: Path) -> Iterator[subprocess.Popen[bytes] | None]:
    """Build the clusters' programs beside the runs that need none; never leave it running."""
    if not any(run.needs_clusters for run in runs):
        yield None
        return
    with log.open("wb") as sink:
        # A little behind the tests, whose timeouts are counted in wall time.
        build = subprocess.Popen(
            ["nice", "-n", "5", sys.executable, str(BUILD)],
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield build
    finally:
        if build.poll() is None:
            os.killpg(build.pid, signal.SIGTERM)
            build.wait()


def _follow(build: subprocess.Popen[bytes], *, log: Path) -> None:
    """Print what the build says until it ends; the cluster tests report a failed one."""
    print(f"\n{'=' * 30} building the clusters' programs {'=' * 30}", flush=True)
    with log.open() as lines:
        while True:
            ended = build.poll() is not None
            sys.stdout.writelines(lines)
            sys.stdout.flush()
            if ended:
                return
            time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
