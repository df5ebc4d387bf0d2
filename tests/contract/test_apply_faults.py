"""federation.apply on a real cluster with faults in the way: the next run converges."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from federation.engine.changeset import Action
from federation.member.errors import ClusterUnreachable
from tests.contract.apply_world import World, config_map, deployment, make_world, status_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from federation.member.transport import Response
    from tests.contract.apply_world import Request
    from tests.fakes.journal import MemoryJournal
    from tests.realcluster.cluster import RealCluster


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def objects(count: int) -> list[dict[str, Any]]:
    return [config_map(f"many-{number:03}") for number in range(count)]


def failing(
    word: str, make: Callable[[], Response | None], *, method: str = "PATCH", times: int = 1000
) -> Callable[[Request], Response | None]:
    """Answer matching requests instead of the cluster, so many times for each path."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def fault(request: Request) -> Response | None:
        if request.method != method or word not in request.path:
            return None
        with lock:
            seen[request.path] += 1
            hit = seen[request.path] <= times
        return make() if hit else None

    return fault


def unavailable() -> Response:
    return status_answer(503, "ServiceUnavailable", "etcdserver: leader changed")


def cut() -> Response:
    raise ClusterUnreachable("the connection broke off")


@pytest.mark.parametrize("fault", [unavailable, cut])
def test_a_fault_that_passes_is_retried_and_nobody_notices(
    world: World, fault: Callable[[], Response]
) -> None:
    world.transport.faults.append(failing("many-001", fault, times=2))

    outcome = world.run(objects(3))

    assert outcome.error is None
    assert outcome.changeset.summary == "3 created"


def test_a_fault_that_stays_fails_its_object_and_the_rest_of_the_stage_goes_on(
    world: World,
) -> None:
    world.transport.faults.append(failing("many-001", unavailable))

    outcome = world.run(objects(20))

    assert outcome.error.reason == "ClusterError"
    assert outcome.error.retryable
    assert "configmap.yaml:3" in outcome.error.message
    assert outcome.changeset.count(Action.CREATED) == 19
    assert len(world.journal.inventory) == 20


def test_a_write_whose_answer_was_lost_is_recognised_by_the_next_run(world: World) -> None:
    def lose_answer(request: Request) -> Response | None:
        if request.method == "PATCH" and request.path.endswith("many-001"):
            raise ClusterUnreachable("the answer broke off")
        return None

    world.run(objects(1))
    created = config_map("many-001")
    created["metadata"]["labels"] = world.owner.labels
    world.transport.faults.append(lose_answer)
    first = world.run(objects(2))
    # The cluster did write it, only the answer never came.
    world.kubectl("create", "-f", "-", stdin=_json(created))
    world.transport.faults.clear()

    second = world.run(objects(2))

    assert first.error.reason == "ClusterUnreachable"
    assert second.error is None
    assert len([entry for entry in world.journal.inventory if entry.confirmed]) == 2


def test_a_throttled_write_waits_as_it_is_told(world: World) -> None:
    def slow_down() -> Response:
        answer = status_answer(429, "TooManyRequests", "please wait")
        answer.headers["Retry-After"] = "1"
        return answer

    world.transport.faults.append(failing("many-000", slow_down, times=1))
    began = time.monotonic()

    outcome = world.run(objects(1))

    assert outcome.error is None
    assert time.monotonic() - began >= 1


def test_a_kind_we_may_not_write_fails_alone_and_nothing_is_pruned(world: World) -> None:
    world.run([config_map("leaves"), config_map("stays")])

    def forbidden() -> Response:
        return status_answer(403, "Forbidden", "deployments.apps is forbidden: no rights")

    world.transport.faults.append(failing("/deployments/", forbidden))

    outcome = world.run([config_map("stays"), config_map("new"), deployment("web")])

    assert outcome.error.reason == "Forbidden"
    assert f"Deployment.apps {world.namespace}/web" in outcome.error.message
    assert world.live("configmap", "new") is not None
    assert world.live("configmap", "leaves") is not None


def test_a_kind_we_may_not_list_fails_alone(world: World) -> None:
    def forbidden() -> Response:
        return status_answer(403, "Forbidden", "deployments.apps is forbidden: cannot list")

    world.transport.faults.append(failing("/deployments", forbidden, method="GET"))

    outcome = world.run([config_map("one"), deployment("web"), deployment("api")])

    assert outcome.error.reason == "Forbidden"
    assert len(outcome.error.causes) == 2
    assert outcome.changeset.count(Action.CREATED) == 1
    assert world.live("deployment", "web") is None


def test_a_rejected_object_names_its_file_and_the_others_arrive(world: World) -> None:
    broken = {**config_map("broken"), "data": {"key": {"not": "text"}}}

    outcome = world.run([config_map("one"), broken])

    assert outcome.error.reason == "Rejected"
    assert not outcome.error.retryable
    assert "configmap.yaml:3" in outcome.error.message
    assert world.live("configmap", "one") is not None


def test_an_immutable_field_says_so(world: World) -> None:
    changed = deployment("web")
    world.run([changed])
    labels = {"app": "another"}
    changed["spec"]["selector"]["matchLabels"] = labels
    changed["spec"]["template"]["metadata"]["labels"] = labels

    outcome = world.run([changed])

    assert outcome.error.reason == "ImmutableField"


def test_a_cluster_that_is_gone_ends_the_run_soon(world: World) -> None:
    world.run(objects(100))
    world.transport.faults.append(failing("/configmaps/", cut))
    began = time.monotonic()

    outcome = world.run([config_map(f"many-{number:03}", key="new") for number in range(100)])

    assert outcome.error.reason == "ClusterUnreachable"
    # Those in flight are each tried four times; the others are not tried at all.
    assert len(world.writes) <= 8 * 4 + 8
    assert time.monotonic() - began < 10


def test_a_run_out_of_time_keeps_what_it_did_and_the_next_goes_on(world: World) -> None:
    def slow() -> None:
        time.sleep(0.2)

    world.transport.faults.append(failing("/configmaps/", slow))
    world.allowed_seconds = 1.0

    first = world.run(objects(100))
    some = len([entry for entry in world.journal.inventory if entry.confirmed])
    world.transport.faults.clear()
    world.allowed_seconds = 60.0
    second = world.run(objects(100))

    assert first.error.reason == "DeadlineExceeded"
    assert 0 < some < 100
    assert len(world.journal.inventory) == 100
    assert second.error is None
    assert second.changeset.summary == f"{100 - some} created, {some} unchanged"


def test_a_run_superseded_before_its_first_write_writes_nothing(world: World) -> None:
    world.journal.stop_when = lambda journal: journal.calls.count("check") >= 2

    outcome = world.run(objects(3))

    assert outcome.error.reason == "Superseded"
    assert world.writes == []
    assert len(world.journal.inventory) == 3


def test_a_run_superseded_between_stages_stops_there(world: World) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"role-{world.namespace}", "namespace": None},
        "rules": [],
    }

    def after_first_stage(journal: MemoryJournal) -> bool:
        return "applied" in journal.calls

    world.journal.stop_when = after_first_stage

    outcome = world.run([role, config_map("one")], cluster_kinds=frozenset({"ClusterRole"}))

    assert outcome.error.reason == "Superseded"
    assert world.live("configmap", "one") is None
    assert outcome.changeset.count(Action.CREATED) == 1


def test_a_failing_stage_keeps_the_next_from_beginning(world: World) -> None:
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"class-{world.namespace}", "namespace": None},
        "provisioner": "not a name!",
    }

    outcome = world.run(
        [storage_class, config_map("one")], cluster_kinds=frozenset({"StorageClass"})
    )

    assert outcome.error.reason == "Rejected"
    assert world.live("configmap", "one") is None


def _json(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest)
