"""S-20: what runs in the renderer's place finds no secret, no network and nothing to write to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gitops import render as rendering
from gitops.render import process
from gitops.render.process import Isolation
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.programs import program

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-20e5"
# A program in the place of kubectl that looks around and reports what it got.
LOOK_AROUND = """
import glob, json, os, socket

def attempt(do):
    try:
        return str(do()).replace("\\0", "|")
    except OSError as error:
        return "refused: " + str(error.errno)

def environments():
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            found.append(open(path, "rb").read().decode(errors="replace"))
        except OSError:
            pass
    return "|".join(found)

def write():
    handle = os.open({marker!r}, os.O_CREAT | os.O_WRONLY)
    return os.write(handle, b"x")

seen = {{
    "own": json.dumps(dict(os.environ)),
    "others": attempt(environments),
    "first": attempt(lambda: open("/proc/1/environ").read()),
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 1)),
    "write": attempt(write),
}}
print(json.dumps({{
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "seen"}}, "data": seen,
}}))
"""


def look_around(tmp_path: Path, *, port: int = 9) -> dict[str, Any]:
    tree = trees.make(tmp_path / "tree", {"kustomization.yaml": "resources: []\n"})
    script = LOOK_AROUND.format(marker=str(tmp_path / "written"), port=port)
    options = rendering.RenderOptions(kubectl=program(tmp_path, script))
    (found,) = rendering.render(tree, path="", options=options).objects
    return dict(found.manifest["data"])


def test_its_environment_is_made_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "SLIPWAY_ENCRYPTION_KEYS", "KUBECONFIG"):
        monkeypatch.setenv(name, CANARY)

    seen = look_around(tmp_path)

    own = json.loads(seen["own"])
    own.pop("LC_CTYPE", None)  # Python's own doing, in the C locale
    assert set(own) == {"HOME", "PATH", "KUBECONFIG", "GOMEMLIMIT", "GOTRACEBACK"}
    assert own["PATH"] == own["HOME"] == "/nonexistent"
    assert own["KUBECONFIG"] == "/dev/null"


def test_it_cannot_read_the_environment_of_others(tmp_path: Path) -> None:
    if process.isolation() is Isolation.NONE:
        pytest.skip("this machine gives no namespaces")
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    environment = {**os.environ, "SECRET_KEY": CANARY}
    with subprocess.Popen(waiting, env=environment, stdin=subprocess.PIPE) as other:
        seen = look_around(tmp_path)
        other.terminate()

    assert CANARY not in json.dumps(seen)


def test_it_has_no_network(tmp_path: Path) -> None:
    if process.isolation() is Isolation.NONE:
        pytest.skip("this machine gives no network namespace")

    seen = look_around(tmp_path)

    assert seen["network"].startswith("refused")


def test_it_cannot_write(tmp_path: Path) -> None:
    seen = look_around(tmp_path)

    written = tmp_path / "written"
    assert seen["write"].startswith("refused")
    assert not written.exists() or written.read_bytes() == b""
