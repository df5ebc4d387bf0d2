"""One error made of many."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from federation.applying import failures
from federation.applying.failures import Failure
from federation.engine.plan import Desired
from federation.member.errors import ClusterError, Forbidden, Rejected, Throttled
from projects.errors import Conflict, Denied, DomainError, Invalid, Unavailable
from projects.kube.refs import ObjectRef


def ref(name: str, kind: str = "ConfigMap") -> ObjectRef:
    return ObjectRef(group="", version="v1", kind=kind, namespace="shop", name=name)


def failure(error: DomainError, *, name: str = "one", place: str = "web.yaml:3") -> Failure:
    return Failure(ref=ref(name), error=error, place=place)


def test_one_failure_is_told_with_its_place_and_object() -> None:
    found = failures.gather([failure(Rejected("no such field"))], attempted=9)

    assert found.message == "web.yaml:3: ConfigMap shop/one: no such field"
    assert found.reason == "Rejected"
    assert found.ref == ref("one")


def test_an_object_that_the_error_names_is_not_named_twice() -> None:
    found = failures.gather([failure(Rejected("ConfigMap shop/one rejected: no"))], attempted=1)

    assert found.message == "web.yaml:3: ConfigMap shop/one rejected: no"


def test_many_failures_are_counted_some_told_and_all_listed() -> None:
    many = [failure(Rejected(f"no {number}"), name=f"m{number}") for number in range(8)]

    found = failures.gather(many, attempted=40)

    assert found.message.startswith("8 of 40 objects failed: web.yaml:3: ConfigMap shop/m0: no 0")
    assert found.message.endswith("and 3 more")
    assert len(found.causes) == 8
    assert found.causes[7].field == "ConfigMap shop/m7"
    assert found.causes[7].reason == "Rejected"


@pytest.mark.parametrize(
    ("errors", "kind", "reason"),
    [
        ([Rejected("x"), ClusterError("y")], Unavailable, "ClusterError"),
        ([Rejected("x"), Forbidden("y")], Denied, "Forbidden"),
        ([Forbidden("x"), Conflict("y")], Conflict, "Conflict"),
        ([Rejected("x"), Invalid("y")], Invalid, "Rejected"),
    ],
)
def test_what_may_pass_by_itself_decides_what_the_whole_is(
    errors: list[DomainError], kind: type[DomainError], reason: str
) -> None:
    found = failures.gather([failure(each) for each in errors], attempted=2)

    assert type(found) is kind
    assert found.reason == reason


def test_the_longest_wait_that_was_asked_for_is_kept() -> None:
    waits = [failure(Throttled("x", retry_after=each)) for each in (3.0, None, 8.0)]

    found = failures.gather(waits, attempted=3)

    assert isinstance(found, Unavailable)
    assert found.retry_after == 8.0


def secret(**fields: Any) -> Desired:
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}
    return Desired(ref=ref("s", "Secret"), manifest=manifest, digest="d")


def test_values_of_secrets_are_taken_out_in_every_spelling() -> None:
    encoded = base64.b64encode(b"canary-1").decode()
    desired = [secret(data={"a": encoded}), secret(stringData={"b": "canary-2", "c": 31415926})]
    text = f"denied: canary-1 {encoded} canary-2 31415926"

    found = failures.gather(
        [failure(Rejected(text))], attempted=1, secrets=failures.secret_values(desired)
    )

    said = found.message + found.causes[0].message
    assert "denied" in said
    for value in ("canary-1", encoded, "canary-2", "31415926"):
        assert value not in said


def test_a_secret_that_is_not_base64_does_no_harm() -> None:
    desired = [secret(data={"a": "not base64!", "b": None}), secret(data="nonsense")]

    assert list(failures.secret_values(desired)) == ["not base64!"]


def test_a_config_map_has_no_secret_values() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"key": "value"}}

    values = failures.secret_values([Desired(ref=ref("c"), manifest=manifest, digest="d")])

    assert list(values) == []


def test_a_failed_prune_is_retried_whatever_refused_it() -> None:
    found = failures.prune_failed([failure(Rejected("a webhook said no"), place="")], attempted=2)

    assert found.reason == "PruneFailed"
    assert found.retryable
    assert found.message == "ConfigMap shop/one: a webhook said no"
