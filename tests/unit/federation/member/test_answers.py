"""What an answer that is not a success means. Texts are a kube-apiserver 1.36's own."""

from __future__ import annotations

from typing import Any

import pytest

from federation.member import answers, errors
from projects.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from projects.kube.refs import ObjectRef

CONFIG_MAP = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="a")
SECRET = ObjectRef(group="", version="v1", kind="Secret", namespace="shop", name="s")
NAMESPACE = ObjectRef(group="", version="v1", kind="Namespace", namespace="", name="shop")
CONVERSION = (
    "failed to convert new object (shop/a; apps/v1, Kind=Deployment) to proper version: unable to "
    "convert unstructured object to apps/v1, Kind=Deployment: cannot convert float64 to int32"
)
TYPED = (
    "failed to create typed patch object (shop/a; /v1, Kind=ConfigMap): "
    ".data.k: expected string, got &value.valueUnstructured{Value:1}"
)
TERMINATING = (
    'configmaps "a" is forbidden: unable to create new content in namespace shop '
    "because it is being terminated"
)
WEBHOOK = 'admission webhook "policy.example.com" denied the request: no latest tags'
POLICY = (
    "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'owner' with binding 'all' "
    "denied request: failed expression: has(object.metadata.labels)"
)
UID = (
    'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not '
    "match the UID in record (y). The object might have been deleted and then recreated"
)
MODIFIED = 'Operation cannot be fulfilled on configmaps "a": the object has been modified'
IMMUTABLE = 'Deployment.apps "d" is invalid: spec.selector: Invalid value: {}: field is immutable'
CLUSTER_IP = (
    'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: []: may not change once set'
)
STATEFUL = (
    'StatefulSet.apps "s" is invalid: spec: Forbidden: updates to statefulset spec for fields '
    "other than 'replicas', 'ordinals' are forbidden"
)


def status(message: str = "", reason: str = "", **details: Any) -> dict[str, Any]:
    found = {"kind": "Status", "apiVersion": "v1", "message": message, "reason": reason}
    return {**found, "details": details}


@pytest.mark.parametrize(
    ("code", "body", "leaf", "kind"),
    [
        (400, status("strict decoding error", "BadRequest"), errors.Rejected, Invalid),
        (401, status("Unauthorized", "Unauthorized"), errors.Unauthorized, Unavailable),
        (403, status("no", "Forbidden"), errors.Forbidden, Denied),
        (403, status(TERMINATING, "Forbidden"), errors.NamespaceNotReady, Unavailable),
        (403, status(WEBHOOK, "Forbidden"), errors.AdmissionDenied, Invalid),
        (400, status(WEBHOOK), errors.AdmissionDenied, Invalid),
        (422, status(POLICY, "Invalid"), errors.AdmissionDenied, Invalid),
        (404, status("", "NotFound", name="a", kind="configmaps"), errors.ObjectNotFound, NotFound),
        (
            404,
            status("", "NotFound", name="shop", kind="namespaces"),
            errors.NamespaceNotReady,
            Unavailable,
        ),
        (404, status("could not find the requested"), errors.NotServed, Unavailable),
        (405, status("", "MethodNotAllowed"), errors.Rejected, Invalid),
        (409, status(MODIFIED, "Conflict"), errors.WriteConflict, Conflict),
        (409, status(UID, "Conflict"), errors.OtherObject, Conflict),
        (409, status("exists", "AlreadyExists"), errors.ObjectExists, errors.AlreadyExists),
        (
            409,
            status("object is being deleted: exists", "AlreadyExists"),
            errors.Terminating,
            Unavailable,
        ),
        (410, status("too old", "Expired"), errors.ListExpired, errors.Expired),
        (413, status("too large", "RequestEntityTooLarge"), errors.Rejected, Invalid),
        (422, status("bad", "Invalid"), errors.Rejected, Invalid),
        (422, status(IMMUTABLE, "Invalid"), errors.ImmutableField, errors.Rejected),
        (422, status(CLUSTER_IP, "Invalid"), errors.ImmutableField, errors.Rejected),
        (422, status(STATEFUL, "Invalid"), errors.ImmutableField, errors.Rejected),
        (429, status("", "TooManyRequests"), errors.Throttled, Unavailable),
        (500, status("etcd is down", "InternalError"), errors.ClusterError, Unavailable),
        (500, status(TYPED), errors.Rejected, Invalid),
        (500, status(CONVERSION), errors.Rejected, Invalid),
        (503, status("", "ServiceUnavailable"), errors.ClusterError, Unavailable),
        (504, status("", "Timeout"), errors.ClusterError, Unavailable),
    ],
)
def test_a_status_is_one_leaf(
    code: int, body: dict[str, Any], leaf: type[Exception], kind: type[Exception]
) -> None:
    error = answers.from_status(code, body, CONFIG_MAP, verb="apply")

    assert type(error) is leaf
    assert isinstance(error, kind)
    assert error.ref == CONFIG_MAP


@pytest.mark.parametrize(
    ("code", "leaf"),
    [
        (101, errors.ClusterError),
        (302, errors.ClusterError),
        (400, errors.ClusterError),
        (401, errors.Unauthorized),
        (403, errors.ClusterError),
        (404, errors.NotServed),
        (409, errors.ClusterError),
        (422, errors.ClusterError),
        (429, errors.Throttled),
        (502, errors.ClusterError),
    ],
)
@pytest.mark.parametrize(
    "body", [None, [], "text", {"kind": "Pod", "message": "x"}, {"message": "<script>"}]
)
def test_an_answer_without_a_status_is_judged_by_its_number_only(
    code: int, body: Any, leaf: type[Exception]
) -> None:
    error = answers.from_status(code, body, CONFIG_MAP, verb="apply")

    assert type(error) is leaf
    assert "script" not in error.message


def test_a_missing_namespace_is_an_object_when_it_was_asked_for() -> None:
    body = status("", "NotFound", name="shop", kind="namespaces")

    assert type(answers.from_status(404, body, NAMESPACE)) is errors.ObjectNotFound


def test_a_field_conflict_names_managers_and_fields() -> None:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-edit" using apps/v1',
            "field": ".spec.replicas",
        },
        {"reason": "FieldManagerConflict", "message": "who knows", "field": ".spec.paused"},
    ]
    body = status("Apply failed with 2 conflicts", "Conflict", causes=causes)

    error = answers.from_status(409, body, CONFIG_MAP, verb="apply")

    assert isinstance(error, errors.ApplyConflict)
    assert error.reason == "FieldConflict"
    assert [(one.manager, one.field) for one in error.managed] == [
        ("kubectl-edit", ".spec.replicas"),
        ("", ".spec.paused"),
    ]


def test_the_causes_of_a_rejection_name_their_fields() -> None:
    causes = [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.x"}]

    error = answers.from_status(422, status("bad", "Invalid", causes=causes), CONFIG_MAP)

    assert [(one.field, one.message) for one in error.causes] == [("spec.x", "Required value")]


def test_a_schema_mistake_names_its_field_though_the_server_gives_no_cause() -> None:
    error = answers.from_status(500, status(TYPED), CONFIG_MAP)

    assert [one.field for one in error.causes] == [".data.k"]


def test_an_admission_refusal_begins_with_who_refused() -> None:
    webhook = answers.from_status(403, status(WEBHOOK), CONFIG_MAP)
    policy = answers.from_status(422, status(POLICY), CONFIG_MAP)

    assert webhook.message.startswith("ConfigMap shop/a denied by: policy.example.com: ")
    assert policy.message.startswith("ConfigMap shop/a denied by: owner: ")
    assert webhook.reason == "AdmissionDenied"


def test_a_forbidden_verb_is_named() -> None:
    error = answers.from_status(403, status("no", "Forbidden"), CONFIG_MAP, verb="delete")

    assert error.message == "ConfigMap shop/a delete forbidden: no"


@pytest.mark.parametrize(
    ("header", "details", "expected"),
    [(None, 7, 7.0), (3.0, 7, 3.0), (None, None, None), (None, 10_000, 900.0), (None, "x", None)],
)
def test_the_wait_is_the_headers_then_the_status(
    header: float | None, details: Any, expected: float | None
) -> None:
    body = status("", "TooManyRequests", retryAfterSeconds=details)

    error = answers.from_status(429, body, None, retry_after=header)

    assert isinstance(error, Unavailable)
    assert error.retry_after == expected


def test_a_refused_credential_is_tried_again_slowly() -> None:
    error = answers.from_status(401, status("Unauthorized"), None)

    assert isinstance(error, Unavailable)
    assert error.retry_after == 900.0


def test_the_servers_text_is_short_and_on_one_line() -> None:
    message = "a\nb\x1b[31mred\u202e" + "x" * 10_000

    error = answers.from_status(422, status(message), CONFIG_MAP)

    shown = error.message.removeprefix("ConfigMap shop/a rejected: ")
    assert shown.startswith("a\\nb\\x1b[31mred\\u202exxx")
    assert len(shown) == answers.TEXT_LIMIT
    assert error.message.isprintable()


def test_causes_are_bounded_in_number_and_length() -> None:
    causes = [{"message": "m" * 9999, "field": "f" * 9999, "reason": "r" * 9999}] * 5000

    error = answers.from_status(422, status("", "Invalid", causes=causes), CONFIG_MAP)

    assert len(error.causes) == 20
    assert all(len(one.field) == answers.TEXT_LIMIT for one in error.causes)


@pytest.mark.parametrize(
    "details", [None, [], {"causes": {}}, {"causes": [1, None, {"field": 5}]}, {"name": {}}]
)
def test_a_crooked_status_is_still_read(details: Any) -> None:
    body = {"kind": "Status", "message": ["x"], "reason": 5, "details": details}

    error = answers.from_status(422, body, CONFIG_MAP)

    assert type(error) is errors.Rejected
    assert error.message == "ConfigMap shop/a rejected: HTTP 422"


def test_a_user_and_password_in_a_url_are_not_repeated() -> None:
    body = status('failed calling webhook: Post "https://user:hunter2@hook.example/": EOF')

    error = answers.from_status(500, body, CONFIG_MAP, verb="apply")

    assert "hunter2" not in error.message
    assert type(error) is errors.ClusterError
