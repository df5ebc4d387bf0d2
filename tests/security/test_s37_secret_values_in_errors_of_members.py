"""S-37: what a member cluster says about an object never carries the value of a Secret."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.contract.apply_world import World, config_map, make_world, status_answer

if TYPE_CHECKING:
    from federation.member.transport import Response
    from tests.contract.apply_world import Request
    from tests.realcluster.cluster import RealCluster


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def test_no_text_of_a_run_holds_a_value_of_its_secrets(world: World) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "one"},
        "stringData": {"number": 42424242},
    }
    quoting = {**config_map("quoting"), "data": {"key": ["hunter22-canary"]}}
    good = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "good"},
        "data": {"password": base64.b64encode(b"hunter22-canary").decode()},
    }

    def quote(request: Request) -> Response | None:
        if request.method != "PATCH" or "quoting" not in request.path:
            return None
        text = 'admission webhook "policy.example.com" denied the request: hunter22-canary is weak'
        return status_answer(400, "BadRequest", text)

    world.transport.faults.append(quote)

    outcome = world.run([secret, quoting, good])

    said = repr(outcome) + outcome.error.message + repr(outcome.error.causes)
    assert len(outcome.error.causes) == 2
    assert "42424242" not in said
    assert base64.b64encode(b"42424242").decode() not in said
    assert "hunter22-canary" not in said
    assert "policy.example.com" in said
