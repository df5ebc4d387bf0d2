"""`manage.py worker`, `serve`, --wait and --watch as an operator runs them: real processes."""

from __future__ import annotations

import signal
import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.fakes import git
from tests.fakes.command_line import Hub

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

STARTS_WITHIN = 60.0
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    allowed = {
        "SLIPWAY_ALLOW_HTTP": "true",
        "SLIPWAY_ALLOW_PRIVATE_ADDRESSES": "true",
        "SLIPWAY_WORKERS": "1",
    }
    made = Hub(folder=tmp_path_factory.mktemp("hub"), more=allowed)
    made.ok("init")
    made.ok("project", "create", "shop")
    made.ok(
        "secret",
        "create",
        "shop",
        "git",
        "--username",
        "robot",
        "--password-stdin",
        stdin="correct horse",
    )
    return made


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    made = git.Repository.create(git_server.directory, "shop", url=git_server.url)
    made.commit({"web/map.yaml": MAP, "broken/map.yaml": "kind: [broken"})
    return made


@pytest.fixture
def worker(hub: Hub, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = hub.start("worker", log=tmp_path / "worker.log")
    yield process
    _end(process)


def _end(process: subprocess.Popen[str]) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    return process.wait(timeout=60)


def test_a_worker_does_the_work_that_is_waited_for(
    hub: Hub, worker: subprocess.Popen[str], repository: git.Repository, tmp_path: Path
) -> None:
    added = hub.run(
        *("source", "add", "shop", "web", "--url", repository.url, "--path", "web"),
        *("--secret", "git", "--wait=80"),
    )
    broken = hub.run(
        *("source", "add", "shop", "broken", "--url", repository.url, "--path", "broken"),
        *("--secret", "git", "--wait=80"),
    )
    gone = hub.run("source", "delete", "shop", "web", "--wait=80")
    code = _end(worker)
    in_vain = hub.run("source", "sync", "shop", "broken", "--wait=1")

    commit = repository.head()[:12]
    assert added.code == 0, added.said
    assert f"repository: at main@sha1:{commit}" in added.err
    assert f"rendering: rendered main@sha1:{commit}" in added.err
    assert added.out.splitlines()[-1] == "no cluster is selected"
    assert broken.code == 1
    assert "broken/map.yaml" in broken.err
    assert (gone.code, gone.out.splitlines()[-1]) == (0, "source shop/web is gone")
    assert code == 0, (tmp_path / "worker.log").read_text()
    assert in_vain.code == 3
    assert "correct horse" not in "".join(each.said for each in (added, broken, gone, in_vain))


def test_the_admin_site_is_served_with_its_files(hub: Hub, tmp_path: Path) -> None:
    port, log = _free_port(), tmp_path / "serve.log"
    process = hub.start("serve", "--port", str(port), log=log)
    try:
        page = _get(f"http://127.0.0.1:{port}/admin/login/", process)
        style = _get(f"http://127.0.0.1:{port}/static/admin/css/base.css", process)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/projects/nowhere", timeout=10)
        refused.value.close()
    finally:
        _end(process)

    assert b"csrfmiddlewaretoken" in page
    assert b"body" in style
    assert refused.value.code in (401, 403, 404)
    assert f"serving http://127.0.0.1:{port}/admin/" in log.read_text()


def test_a_port_that_is_taken_is_exit_code_1(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ran = hub.run("serve", "--port", str(listener.getsockname()[1]))

    assert ran.code == 1
    assert "is the port taken?" in ran.err
    assert "Traceback" not in ran.err


def test_watching_prints_what_changes_until_it_is_interrupted(
    hub: Hub, repository: git.Repository, tmp_path: Path
) -> None:
    hub.ok("source", "add", "shop", "watched", "--url", repository.url)
    log = tmp_path / "watch.log"
    process = hub.start("source", "status", "shop", "watched", "--watch", log=log)
    _until(lambda: "Source:" in log.read_text(), process)

    hub.ok("source", "suspend", "shop", "watched", "--reason", "look")
    _until(lambda: ": look" in log.read_text(), process)
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == 130
    assert log.read_text().count("Source:") == 2
    assert "Traceback" not in log.read_text()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _get(url: str, process: subprocess.Popen[str]) -> bytes:
    found = b""

    def answers() -> bool:
        nonlocal found
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = answer.read()
        except urllib.error.HTTPError:
            raise
        except OSError:
            return False
        return True

    _until(answers, process)
    return found


def _until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while not true():
        assert process.poll() is None, f"it ended with code {process.returncode}"
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.2)
