"""Tell a member cluster's own users what the hub did, by a core v1 Event.

In: what happened. Out: an Event in the cluster. Its name is made from its content and time, so
that telling twice leaves one. Which events are told, and how often, is decided by whoever calls
(client-go names events the same way, tools/record).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.member.errors import ObjectExists
from projects.kube import conditions, masking
from projects.kube import manifest as manifests

if TYPE_CHECKING:
    from datetime import datetime

    from federation.member.client import Client

COMPONENT = "slipway"
# The API server's own limits (core validation.ValidateEventCreate).
_LONGEST_MESSAGE = 1024
_LONGEST_NAME = 200


def post_event(
    *,
    client: Client,
    namespace: str,
    involved: dict[str, Any],
    type: str,
    reason: str,
    message: str,
    now: datetime,
    deadline: float | None = None,
) -> None:
    """Write one Event; involved is an ObjectReference of that namespace, type Normal or Warning."""
    at = conditions.timestamp(now)
    text = masking.printable(message, _LONGEST_MESSAGE)
    mark = manifests.digest([involved, type, reason, text, now.isoformat()])
    suffix = mark.removeprefix("sha256:")[:16]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{str(involved.get('name'))[:_LONGEST_NAME]}.{suffix}",
            "namespace": namespace,
        },
        "involvedObject": {**involved, "namespace": namespace},
        "type": type,
        "reason": reason,
        "message": text,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
    }
    try:
        client.create(event, deadline=deadline)
    except ObjectExists:
        return
