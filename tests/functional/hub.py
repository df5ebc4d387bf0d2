"""A hub as an operator runs it: a folder, a database and an environment of its own, processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.git import Repository
    from tests.realcluster.cluster import RealCluster

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0


class CommandFailed(AssertionError):
    """A command ended with another code than expected; the message has its output."""


class NotInTime(AssertionError):
    """What was waited for did not come."""


class Hub:
    """One installation; what crosses its border is what a person or machine would see."""

    def __init__(self, home: Path, *, database_url: str = "") -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "SLIPWAY_ENV_FILE": str(home / "slipway.env"),
            "SLIPWAY_DATA_DIR": str(home),
            "SLIPWAY_ALLOW_HTTP": "true",
            "SLIPWAY_ALLOW_PRIVATE_ADDRESSES": "true",
            "SLIPWAY_WORKERS": "2",
            "SLIPWAY_LEASE_SECONDS": "4",
            "SLIPWAY_RETRY_BASE_SECONDS": "2",
            "SLIPWAY_APPLY_SECONDS": "60",
        }
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        self._workers: list[subprocess.Popen[bytes]] = []
        self._runner: subprocess.Popen[str] | None = None
        self.program("init")

    def manage(self, *args: str, stdin: str = "", code: int = 0) -> str:
        """Run a command; its standard output, and with another code its standard error too.

        Raises: CommandFailed when it ends with another code.
        """
        if self._runner is None:
            self._runner = self._start_runner()
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.write(json.dumps({"args": args, "stdin": stdin}) + "\n")
        self._runner.stdin.flush()
        line = self._runner.stdout.readline()
        if not line:
            raise CommandFailed(f"{args}: {(self.home / 'runner.log').read_text()[-3000:]}")
        done = json.loads(line)
        if done["code"] != code:
            said = done["stdout"] + done["stderr"]
            raise CommandFailed(f"{args} ended with {done['code']}:\n{said}")
        found: str = done["stdout"] if code == 0 else done["stdout"] + done["stderr"]
        return found

    def _start_runner(self) -> subprocess.Popen[str]:
        with (self.home / "runner.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "tests/functional/runner.py")],
                cwd=ROOT,
                env={**self.environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def program(self, *args: str, stdin: str = "", code: int = 0) -> str:
        """Run a command as a process of its own, as a person does.

        Raises: CommandFailed when it ends with another code.
        """
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *args],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != code:
            raise CommandFailed(f"{args} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *args: str) -> Any:
        return json.loads(self.manage(*args, "-o", "json"))

    def status(self, project: str, source: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json("source", "status", project, source)["source"]
        return found

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start `manage.py worker`; its output goes to worker.log in the hub's folder."""
        with (self.home / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "worker"],
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
            )
        self._workers.append(process)
        return process

    def stop_worker(self, process: subprocess.Popen[bytes], *, seconds: float = 40) -> int:
        """Tell a worker to end and wait for it; its exit code."""
        process.send_signal(signal.SIGTERM)
        self._workers.remove(process)
        return process.wait(timeout=seconds)

    def close(self) -> None:
        """End everything the hard way."""
        if self._runner is not None:
            self._runner.kill()
            self._runner.communicate()
        for process in self._workers:
            process.kill()
            process.wait()

    @property
    def log(self) -> str:
        path = self.home / "worker.log"
        return path.read_text() if path.exists() else ""

    def add_cluster(self, name: str, cluster: RealCluster) -> None:
        path = self.home / f"{name}.kubeconfig"
        path.write_text(cluster.kubeconfig)
        self.manage("cluster", "add", name, "--kubeconfig", str(path))

    def add_project(self, name: str, *clusters: str, password: str = "") -> None:
        """A project whose namespace has its name, on the given clusters, with the git secret."""
        self.manage("project", "create", name)
        for cluster in clusters:
            self.manage("cluster", "attach", cluster, name)
        if password:
            self.manage(
                "secret",
                "create",
                name,
                "git",
                "--username",
                "robot",
                "--password-stdin",
                stdin=password,
            )

    def add_source(
        self, project: str, name: str, repository: Repository, *, path: str = "", wait: bool = True
    ) -> None:
        """Add a source with the git secret, polled every five seconds; wait until it arrived."""
        options = ["--path", path] if path else []
        options += ["--wait", "60"] if wait else []
        self.manage(
            "source", "add", project, name, "--url", repository.url, "--secret", "git",
            "--interval", "5", *options,
        )  # fmt: skip

    def eventually(
        self,
        what: str,
        condition: Callable[[], Any],
        *,
        seconds: float = SECONDS,
        every: float = 0.3,
    ) -> Any:
        """Ask until the answer is true.

        Raises: NotInTime with the end of the worker's log.
        """
        until = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > until:
                raise NotInTime(f"{what}: not within {seconds:.0f} s\n{self.log[-6000:]}")
            time.sleep(every)
        return found


@contextlib.contextmanager
def running(home: Path, *, database_url: str = "", worker: bool = True) -> Iterator[Hub]:
    """A hub, with a worker unless it is not wanted, until the block ends."""
    hub = Hub(home, database_url=database_url)
    try:
        if worker:
            hub.start_worker()
        yield hub
    finally:
        hub.close()
