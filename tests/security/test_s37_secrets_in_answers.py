"""S-37: of an answer about a Secret only the reason and the fields are kept (CVE-2025-23216).

The texts are a kube-apiserver 1.36's own; the same is shown on a real one in tests/contract.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from federation.member import answers, errors
from projects.kube.refs import ObjectRef

SECRET = ObjectRef(group="", version="v1", kind="Secret", namespace="shop", name="s")
CANARY = "42424242"
ENCODED = base64.b64encode(CANARY.encode()).decode()

TYPED = (
    "failed to create typed patch object (shop/s; /v1, Kind=Secret): .stringData.p: "
    f"expected string, got &value.valueUnstructured{{Value:{CANARY}}}"
)
DECODING = (
    'Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal number into Go '
    f'struct field Secret.stringData of type string, error found in ...|"p":{CANARY}}},"kind"|...'
)
WEBHOOK = f'admission webhook "policy.example.com" denied the request: value {CANARY} is weak'
POLICY = f"ValidatingAdmissionPolicy 'strong' with binding 'all' denied request: {ENCODED} is weak"
CONFLICT = {"reason": "FieldManagerConflict", "field": ".data.p"}


def status(message: str, reason: str = "", **details: Any) -> dict[str, Any]:
    return {"kind": "Status", "message": message, "reason": reason, "details": details}


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (400, status(DECODING, "BadRequest")),
        (403, status(WEBHOOK, "Forbidden")),
        (403, status(f"exceeded quota {CANARY}", "Forbidden")),
        (409, status(CANARY, "Conflict", causes=[{**CONFLICT, "message": f'x "{CANARY}"'}])),
        (409, status(CANARY, "AlreadyExists")),
        (422, status(POLICY, "Invalid")),
        (422, status(CANARY, "Invalid", causes=[{"field": "data", "message": f"bad {ENCODED}"}])),
        (422, status(f"data: {CANARY}: field is immutable", "Invalid")),
        (500, status(TYPED)),
        (500, status(f"failed to convert new object: illegal base64 {CANARY}")),
        (500, status(f'failed calling webhook "x": {ENCODED}', "InternalError")),
        (503, status(ENCODED, "ServiceUnavailable")),
    ],
)
def test_no_value_of_a_secret_is_in_the_error(code: int, body: dict[str, Any]) -> None:
    error = answers.from_status(code, body, SECRET, verb="apply")

    told = repr((error.message, error.causes, error.reason, error.args, vars(error)))
    assert CANARY not in told
    assert ENCODED not in told


def test_reason_and_fields_are_told() -> None:
    causes = [
        {"reason": "FieldValueRequired", "message": "x", "field": "data[tls.crt]"},
        {"reason": "FieldValueRequired", "message": "x", "field": "data[tls.key]"},
    ]

    error = answers.from_status(422, status("x", "Invalid", causes=causes), SECRET)

    expected = "Secret shop/s rejected: Invalid (field data[tls.crt], data[tls.key])"
    assert error.message == expected
    assert [cause.field for cause in error.causes] == ["data[tls.crt]", "data[tls.key]"]


def test_the_field_of_a_schema_mistake_is_told() -> None:
    error = answers.from_status(500, status(TYPED), SECRET)

    assert type(error) is errors.Rejected
    assert error.message == "Secret shop/s rejected: HTTP 500 (field .stringData.p)"


def test_the_webhook_that_refused_is_told() -> None:
    error = answers.from_status(403, status(WEBHOOK, "Forbidden"), SECRET)

    assert error.message == "Secret shop/s denied by: policy.example.com"


def test_the_manager_in_a_conflict_is_told() -> None:
    cause = {**CONFLICT, "message": 'conflict with "kubectl-edit" using v1'}

    error = answers.from_status(409, status("x", "Conflict", causes=[cause]), SECRET)

    assert isinstance(error, errors.ApplyConflict)
    assert [(one.manager, one.field) for one in error.managed] == [("kubectl-edit", ".data.p")]


def test_kinds_that_only_sound_like_a_secret_keep_their_text() -> None:
    other = ObjectRef(group="example.com", version="v1", kind="Secret", namespace="a", name="b")

    error = answers.from_status(422, status("size must be 3", "Invalid"), other)

    assert "size must be 3" in error.message
