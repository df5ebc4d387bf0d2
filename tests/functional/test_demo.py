"""`make demo` does what it says, its judge sees what is wrong, and it leaves nothing running."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from scripts.demo import DemoFailed, __main__, judging, members
from scripts.demo.folder import Folder, claim
from scripts.demo.judging import Truth
from scripts.demo.members import Member
from tests.fakes import processes
from tests.realcluster import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.demo.stage import Demo
    from tests.realcluster.cluster import RealCluster

ROOT = Path(__file__).resolve().parents[2]
STORY_SECONDS = 270
OWNED = {"slipway.dev/hub": "a-hub", "slipway.dev/owner": "a-source"}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A folder for a demo, of which no process is left whatever the test does."""
    found = tmp_path / "demo"
    yield found
    for number in _left(found):
        os.kill(number, signal.SIGKILL)


@pytest.mark.realcluster
@pytest.mark.timeout(STORY_SECONDS + 30)
@pytest.mark.usefixtures("cluster_pool")  # only for the programs: the demo starts its own
def test_once_checks_the_whole_story_and_leaves_nothing_running(directory: Path) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts/demo.sh")],
        env=_environment(directory, ONCE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STORY_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("objects of 13 kinds are as in") == 9
    assert "a deleted source took its objects along" in done.stdout
    assert _none_left(directory)
    assert not (directory / "demo.json").exists()


@pytest.mark.timeout(180)
def test_on_the_readers_clusters_it_runs_until_told_to_end_and_takes_its_namespace_along(
    directory: Path, two_clusters: tuple[RealCluster, RealCluster]
) -> None:
    own = os.pathsep.join(str(cluster.kubeconfig_path) for cluster in two_clusters)
    with (directory.parent / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [str(ROOT / "scripts/demo.sh")],
            env=_environment(directory, KUBECONFIG=own),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    facts = _facts(directory, demo, Path(log.name))

    assert stat.S_IMODE((directory / "demo.json").stat().st_mode) == 0o600
    assert facts.keys() == {
        *("web", "admin", "team", "git", "clusters", "project", "namespace", "sources")
    }
    sources = _get(facts, f"/api/v1/projects/{facts['project']}/sources")["items"]
    assert {each["name"] for each in sources} == {each["name"] for each in facts["sources"]}
    for cluster in two_clusters:
        assert facts["namespace"] in cluster.namespaces()

    demo.send_signal(signal.SIGINT)

    assert demo.wait(timeout=120) == 0, Path(log.name).read_text()
    assert _none_left(directory)
    assert not (directory / "demo.json").exists()
    for cluster in two_clusters:
        assert facts["namespace"] not in cluster.namespaces()


def test_the_judge_sees_a_field_an_object_and_a_leftover_that_git_does_not_say(
    real_cluster: RealCluster,
) -> None:
    namespace = real_cluster.namespace()
    member = Member(name="east", kubeconfig=real_cluster.kubeconfig_path)
    says = Truth(commit="c0ffee", sources=((_config("one"), _config("two")),))
    for name in ("one", "two"):
        _apply(real_cluster, namespace, _config(name))

    assert "2 objects of 1 kinds" in judging.judge(member, says=says, namespace=namespace)

    _apply(real_cluster, namespace, _config("one", left="over"))
    _apply(real_cluster, namespace, _config("two", greeting="changed"))
    with pytest.raises(DemoFailed) as fields:
        judging.judge(member, says=says, namespace=namespace)

    assert "ConfigMap/one differs at .data.left" in str(fields.value)
    assert "ConfigMap/two differs at .data.greeting" in str(fields.value)

    real_cluster.kubectl("-n", namespace, "delete", "configmap", "one")
    _apply(real_cluster, namespace, _config("three"))
    with pytest.raises(DemoFailed, match="missing ConfigMap/one; too many ConfigMap/three"):
        judging.judge(member, says=says, namespace=namespace)


def test_a_file_stops_a_cluster_and_its_removal_starts_it(
    tmp_path: Path, real_cluster: RealCluster
) -> None:
    member = Member(name="east", kubeconfig=real_cluster.kubeconfig_path, real=real_cluster)
    demo = cast("Demo", SimpleNamespace(folder=Folder(tmp_path), members=(member,)))
    stopped: set[str] = set()
    request = tmp_path / "stopped" / "east"
    request.parent.mkdir()

    request.touch()
    __main__.stop_and_start(demo, stopped)

    assert real_cluster.request("GET", "/readyz").status == 0

    request.unlink()
    __main__.stop_and_start(demo, stopped)

    assert real_cluster.request("GET", "/readyz").status == 200


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with (
        pytest.raises(DemoFailed, match="files that are no demo's"),
        claim(tmp_path, before_removal=lambda _folder: None),
    ):
        pytest.fail("the folder was taken")

    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_second_demo_is_refused_and_a_later_one_starts_with_an_empty_folder(
    tmp_path: Path,
) -> None:
    root = tmp_path / "demo"
    with claim(root, before_removal=lambda _folder: None) as folder:
        folder.facts.write_text("{}")
        with (
            pytest.raises(DemoFailed, match="a demo is running"),
            claim(root, before_removal=lambda _folder: None),
        ):
            pytest.fail("the folder was taken twice")
        assert folder.facts.exists()

    with claim(root, before_removal=lambda _folder: None) as folder:
        assert not folder.facts.exists()


def test_without_go_and_kubeconfig_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "go_program", lambda _: None)
    nothing_built = {"SLIPWAY_TEST_CACHE": str(tmp_path)}

    with (
        pytest.raises(DemoFailed, match=r"install Go 1\.26 or newer[\s\S]*KUBECONFIG="),
        members.running(Folder(tmp_path), nothing_built, namespace="shop"),
    ):
        pytest.fail("there were clusters")


def test_a_namespace_that_the_readers_cluster_has_already_is_not_taken(
    tmp_path: Path, real_cluster: RealCluster
) -> None:
    namespace = real_cluster.namespace()
    own = {"KUBECONFIG": str(real_cluster.kubeconfig_path)}

    with (
        pytest.raises(DemoFailed, match=f"has a namespace {namespace} already"),
        members.running(Folder(tmp_path), own, namespace=namespace),
    ):
        pytest.fail("the cluster was taken")

    assert namespace in real_cluster.namespaces()


def _environment(directory: Path, **more: str) -> dict[str, str]:
    """An empty home, any ports, and the programs that are built already."""
    home = directory.parent / "home"
    home.mkdir(exist_ok=True)
    kept = {key: os.environ[key] for key in ("PATH", "KUBEBUILDER_ASSETS") if key in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "SLIPWAY_TEST_CACHE": str(build.cache_dir(os.environ).parents[1]),
        "SLIPWAY_DEMO_DIR": str(directory),
        "SLIPWAY_DEMO_PORT": "0",
        **more,
    }


def _facts(directory: Path, demo: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """What the demo says of itself, once it is there."""
    until = time.monotonic() + 120
    while not (directory / "demo.json").exists():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.3)
    found: dict[str, Any] = json.loads((directory / "demo.json").read_text())
    return found


def _get(facts: dict[str, Any], path: str) -> Any:
    connection = http.client.HTTPConnection(urlsplit(facts["web"]).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {facts['team']['token']}"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return json.loads(body)


def _left(directory: Path) -> set[int]:
    text = str(directory)
    return {*processes.with_argument(text), *processes.with_variable(text)}


def _none_left(directory: Path, *, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while _left(directory):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _config(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"app": "shop"}},
        "data": {"greeting": "hello", **data},
    }


def _apply(cluster: RealCluster, namespace: str, manifest: dict[str, Any]) -> None:
    """Apply as the hub does, labels of ownership and all."""
    labels = {**manifest["metadata"]["labels"], **OWNED}
    labelled = {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}
    as_slipway = ("--server-side", "--force-conflicts", "--field-manager=slipway")
    cluster.kubectl(*("-n", namespace, "apply", *as_slipway, "-f", "-"), stdin=json.dumps(labelled))
