"""S-14: nothing a kustomization says makes the renderer call another machine."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render import process
from gitops.render.entries import RemoteReferenceNotAllowed
from gitops.render.process import Bounds, Isolation
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.programs import KUBECTL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMOTE = [
    "https://127.0.0.1:{port}/x.yaml",
    "http://127.0.0.1:{port}/x.yaml",
    "http://169.254.169.254/latest/meta-data",
    "github.com/a/b//c?ref=main",
    "git@127.0.0.1:a/b",
    "ssh://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "git::http://127.0.0.1:{port}/x",
    "127.0.0.1:{port}/x",
    "base?ref=--upload-pack=touch",
    "//127.0.0.1/x",
]
FIELDS = [
    "resources: ['{}']\n",
    "bases: ['{}']\n",
    "components: ['{}']\n",
    "configMapGenerator: [{{name: a, files: ['{}']}}]\n",
    "secretGenerator: [{{name: a, envs: ['{}']}}]\n",
    "patches: [{{path: '{}'}}]\n",
    "openapi: {{path: '{}'}}\n",
    "transformers: ['{}']\n",
]


class Canary:
    """Listens on loopback and counts who calls."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.calls = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()


@pytest.mark.parametrize("entry", REMOTE)
@pytest.mark.parametrize("field", FIELDS)
def test_a_remote_reference_is_refused_and_nothing_is_called(
    tmp_path: Path, canary: Canary, field: str, entry: str
) -> None:
    kustomization = field.format(entry.format(port=canary.port))
    tree = trees.make(tmp_path, {"kustomization.yaml": kustomization})

    with pytest.raises(RemoteReferenceNotAllowed) as caught:
        rendering.render(tree, path="")

    assert caught.value.reason == "RemoteReferenceNotAllowed"
    assert caught.value.message.startswith("kustomization.yaml: ")
    assert canary.calls == 0


def test_a_local_directory_named_like_a_host_is_refused_too(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": "resources: [github.com/a/b]\n",
            "github.com/a/b/kustomization.yaml": "resources: []\n",
        },
    )

    with pytest.raises(RemoteReferenceNotAllowed):
        rendering.render(tree, path="")


def fetch(directory: Path) -> process.Finished:
    return process.run(
        (str(KUBECTL), "kustomize", str(directory)),
        directory=directory,
        environment={},
        bounds=Bounds(seconds=30, memory_bytes=1 << 30, output_bytes=1 << 20),
    )


def test_the_child_has_no_network_even_if_the_scan_were_wrong(
    tmp_path: Path, canary: Canary
) -> None:
    if process.isolation() is Isolation.NONE:
        pytest.skip("this machine gives no network namespace")
    url = f"http://127.0.0.1:{canary.port}/x.yaml"
    trees.make(tmp_path, {"kustomization.yaml": f"resources: ['{url}']\n"})

    found = fetch(tmp_path)

    assert found.code != 0
    assert canary.calls == 0


def test_kustomize_would_call_if_it_could(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without this the canary above would prove nothing.
    monkeypatch.setattr(process, "isolation", lambda: Isolation.NONE)
    url = f"http://127.0.0.1:{canary.port}/x.yaml"
    trees.make(tmp_path, {"kustomization.yaml": f"resources: ['{url}']\n"})

    fetch(tmp_path)

    assert canary.calls > 0
