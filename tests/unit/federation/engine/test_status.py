"""What errors and outcomes become in a status."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from federation.engine import status
from federation.engine.status import ClusterOutcome
from projects.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    DomainError,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.kube import conditions, verdicts
from projects.kube.conditions import Condition, Reason
from projects.kube.verdicts import Fault

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
REVISION = "main@sha1:abc"
WELL = (
    ClusterOutcome(cluster="west", arrived=True, held=True),
    ClusterOutcome(cluster="east", arrived=True, held=True),
)
UNREACHABLE = Fault(reason=Reason.CLUSTER_UNREACHABLE, message="no answer")
REJECTED = Fault(reason=Reason.REJECTED, message="web.yaml:3: no", stalled=True, retry=False)


def summarise(
    *outcomes: ClusterOutcome, previous: tuple[Condition, ...] = (), **changes: Any
) -> dict[str, Condition]:
    values = {"revision": REVISION, "generation": 4, "now": NOW, **changes}
    found = status.summarise(previous=previous, outcomes=outcomes, **values)
    return {condition.type: condition for condition in found}


@pytest.mark.parametrize(
    ("error", "stalled", "retry", "at_once"),
    [
        (Invalid("x"), True, False, False),
        (Denied("x"), False, True, False),
        (NotFound("x"), False, False, False),
        (NotFound("x", reason="NoMatchForKind"), False, True, False),
        (AlreadyExists("x"), False, False, False),
        (Conflict("x"), False, True, True),
        (Expired("x"), False, True, True),
        (Unavailable("x"), False, True, False),
        (KeyError("x"), False, True, False),
    ],
)
def test_each_kind_of_error_means_one_thing(
    error: Exception, stalled: bool, retry: bool, at_once: bool
) -> None:
    found = verdicts.fault(error)

    assert (found.stalled, found.retry, found.at_once) == (stalled, retry, at_once)


def test_reason_and_message_of_an_anticipated_error_are_kept() -> None:
    found = verdicts.fault(Unavailable("no answer", reason="ClusterUnreachable", retry_after=7))

    assert (found.reason, found.message) == ("ClusterUnreachable", "no answer")
    assert found.retry_after == 7


def test_a_bug_tells_no_details() -> None:
    found = verdicts.fault(RuntimeError("password=hunter22"))

    assert found.reason == "InternalError"
    assert "hunter22" not in found.message


@pytest.mark.parametrize("reason", ["Unauthorized", "TLSVerifyFailed", "AddressNotAllowed"])
def test_a_credential_that_is_refused_is_not_tried_fast(reason: str) -> None:
    assert verdicts.fault(Unavailable("no", reason=reason)).slow


def test_a_message_is_one_line_of_bounded_length() -> None:
    message = verdicts.fault(DomainError("a\nb " + "x" * 5000)).message

    assert message.startswith("a b x")
    assert len(message) <= 1000


def test_a_source_is_ready_when_every_cluster_holds_its_revision() -> None:
    found = summarise(*WELL)

    assert set(found) == {"Ready"}
    assert found["Ready"].status == "True"
    assert found["Ready"].reason == "ReconciliationSucceeded"
    assert found["Ready"].message == "2 of 2 clusters hold main@sha1:abc"
    assert found["Ready"].observed_generation == 4


def test_a_source_that_goes_nowhere_is_ready_and_says_so() -> None:
    found = summarise()

    assert found["Ready"].status == "True"
    assert found["Ready"].message == "no cluster is selected"


def test_a_source_on_its_way_is_reconciling() -> None:
    found = summarise(WELL[0], ClusterOutcome(cluster="east", held=True))

    assert (found["Ready"].status, found["Ready"].reason) == ("Unknown", "Progressing")
    assert found["Ready"].message == "1 of 2 clusters hold main@sha1:abc"
    assert found["Reconciling"].reason == "Progressing"
    assert "Stalled" not in found


def test_one_unreachable_cluster_makes_it_unready_and_retried_and_is_named() -> None:
    found = summarise(WELL[0], ClusterOutcome(cluster="east", held=True, fault=UNREACHABLE))

    assert (found["Ready"].status, found["Ready"].reason) == ("False", "ClusterUnreachable")
    assert "1 of 2 clusters hold main@sha1:abc" in found["Ready"].message
    assert "east: ClusterUnreachable: no answer" in found["Ready"].message
    assert found["Reconciling"].reason == "ProgressingWithRetry"
    assert "Stalled" not in found


def test_a_fault_that_only_a_person_mends_stalls_it() -> None:
    found = summarise(WELL[0], ClusterOutcome(cluster="east", held=True, fault=REJECTED))

    assert found["Ready"].reason == "Rejected"
    assert found["Stalled"].reason == "Rejected"
    assert "Reconciling" not in found


def test_while_another_cluster_is_retried_it_is_not_stalled_but_the_persons_fault_is_told() -> None:
    found = summarise(
        ClusterOutcome(cluster="a", fault=UNREACHABLE), ClusterOutcome(cluster="b", fault=REJECTED)
    )

    assert found["Ready"].reason == "Rejected"
    assert "Stalled" not in found
    assert found["Reconciling"].reason == "ProgressingWithRetry"


def test_at_most_ten_clusters_are_named() -> None:
    failing = [ClusterOutcome(cluster=f"c{number:02}", fault=UNREACHABLE) for number in range(13)]

    message = summarise(*failing)["Ready"].message

    assert "c09" in message
    assert "c10" not in message
    assert message.endswith("and 3 more")


@pytest.mark.parametrize(
    ("fault", "stalled"), [(REJECTED, True), (replace(REJECTED, stalled=False, retry=True), False)]
)
def test_a_fault_before_any_cluster_is_the_sources_own(fault: Fault, stalled: bool) -> None:
    found = summarise(*WELL, failed=fault)

    assert (found["Ready"].status, found["Ready"].message) == ("False", "web.yaml:3: no")
    assert ("Stalled" in found) is stalled
    assert ("Reconciling" in found) is not stalled


@pytest.mark.parametrize(("outcomes", "state"), [(WELL, "True"), ((), "True")])
def test_a_suspended_source_tells_the_facts_and_that_nobody_works_on_it(
    outcomes: tuple[ClusterOutcome, ...], state: str
) -> None:
    found = summarise(*outcomes, suspended=True)

    assert set(found) == {"Ready"}
    assert (found["Ready"].status, found["Ready"].reason) == (state, "Suspended")


def test_a_suspended_source_that_failed_is_neither_reconciling_nor_stalled() -> None:
    found = summarise(ClusterOutcome(cluster="a", fault=UNREACHABLE), suspended=True)

    assert set(found) == {"Ready"}
    assert found["Ready"].status == "False"


def test_the_transition_time_moves_only_with_the_status() -> None:
    failing = (ClusterOutcome(cluster="a", fault=UNREACHABLE),)
    first = tuple(summarise(*failing).values())

    second = summarise(*failing, previous=first, now=LATER)
    third = summarise(*WELL, previous=tuple(second.values()), now=LATER)

    assert second["Ready"].last_transition_at == NOW
    assert second["Reconciling"].last_transition_at == NOW
    assert third["Ready"].last_transition_at == LATER
    assert "Reconciling" not in third


def test_conditions_of_other_kinds_are_left_alone() -> None:
    healthy = Condition(type="Healthy", status="True", reason="Current")

    assert summarise(*WELL, previous=(healthy,))["Healthy"] == healthy


def federated(*outcomes: ClusterOutcome, **changes: Any) -> dict[str, Any]:
    values = {"previous": {}, "generation": 4, "now": NOW, **changes}
    return status.federated(outcomes=outcomes, **values)


def test_kubefeds_status_of_a_source_that_is_everywhere() -> None:
    stamp = conditions.timestamp(NOW)

    assert federated(*WELL) == {
        "observedGeneration": 4,
        "conditions": [
            {
                "type": "Propagation",
                "status": "True",
                "lastUpdateTime": stamp,
                "lastTransitionTime": stamp,
            }
        ],
        "clusters": [{"name": "east"}, {"name": "west"}],
    }


def test_kubefeds_status_of_a_source_that_is_nowhere_has_no_clusters() -> None:
    assert "clusters" not in federated()


def failing(reason: str, **state: bool) -> ClusterOutcome:
    return ClusterOutcome(cluster="a", fault=Fault(reason=reason, message="x"), **state)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (ClusterOutcome(cluster="a"), "CreationTimedOut"),
        (ClusterOutcome(cluster="a", held=True), "UpdateTimedOut"),
        (ClusterOutcome(cluster="a", held=True, removing=True), "WaitingForRemoval"),
        (failing("ClusterUnreachable", held=True), "ClusterNotReady"),
        (failing("Unauthorized"), "ClientRetrievalFailed"),
        (failing("OwnershipConflict"), "AlreadyExists"),
        (failing("NamespaceNotOurs"), "AlreadyExists"),
        (failing("ApplyOverridesFailed"), "ApplyOverridesFailed"),
        (failing("Rejected"), "CreationFailed"),
        (failing("Rejected", held=True), "UpdateFailed"),
        (failing("PruneFailed", held=True, removing=True), "DeletionFailed"),
        (failing("DeadlineExceeded"), "CreationTimedOut"),
        (failing("DeadlineExceeded", held=True), "UpdateTimedOut"),
        (failing("DeadlineExceeded", held=True, removing=True), "DeletionTimedOut"),
        (failing("PruneFailed", arrived=True, held=True), "UpdateFailed"),
    ],
)
def test_each_outcome_has_one_of_kubefeds_words(outcome: ClusterOutcome, word: str) -> None:
    found = federated(outcome)

    assert found["clusters"] == [{"name": "a", "status": word}]
    assert found["conditions"][0]["status"] == "False"
    assert found["conditions"][0]["reason"] == "CheckClusters"


def test_a_placement_that_cannot_be_computed_is_said_in_the_condition() -> None:
    found = federated(failed=REJECTED)

    assert found["conditions"][0]["reason"] == "ComputePlacementFailed"


def test_times_of_the_federated_status_move_only_when_something_did() -> None:
    first = federated(*WELL)
    pending = (WELL[0], ClusterOutcome(cluster="east", held=True))

    quiet = federated(*WELL, previous=first, now=LATER)
    updated = federated(*WELL, previous=first, now=LATER, moved=True)
    turned = federated(*pending, previous=first, now=LATER)

    later, (condition,) = conditions.timestamp(LATER), updated["conditions"]
    assert quiet == first
    assert condition["lastUpdateTime"] == later
    assert condition["lastTransitionTime"] == first["conditions"][0]["lastTransitionTime"]
    assert turned["conditions"][0]["lastTransitionTime"] == later
