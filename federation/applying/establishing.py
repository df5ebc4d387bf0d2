"""Wait until the cluster serves the kinds that a run has just defined.

In: custom resources and the definitions that bring their kinds. Out: the resources, judged by
discovery. A definition that is accepted takes some hundred milliseconds until its kind is served,
and is then in discovery a little later still (security.md R-12). The wait is bounded; the next
run goes on from there.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from federation.applying import preflight
from federation.member.discovery import GroupUnavailable, NoMatchForKind
from projects.errors import Unavailable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from federation.applying.preflight import Resolved
    from federation.applying.wire import Wire
    from federation.engine.plan import Desired
    from federation.engine.scope import Scope
    from projects.kube.refs import ObjectRef

LONGEST = 60.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class CRDNotEstablished(Unavailable):
    """A definition did not become usable in time."""

    default_reason: ClassVar[str] = Reason.CRD_NOT_ESTABLISHED


def establish(wire: Wire, resolved: Resolved, *, scope: Scope) -> tuple[Desired, ...]:
    """Wait for the late kinds, and judge their objects.

    Raises: CRDNotEstablished, ScopeViolation, DeadlineExceeded.
    """
    end = time.monotonic() + LONGEST
    pause = _FIRST_PAUSE
    unready = dict.fromkeys(resolved.definitions.values())
    while True:
        wire.check_time()
        unready = {ref: None for ref in unready if not _established(wire, ref)}
        if not unready:
            discovery = wire.again(partial(wire.client.refresh_discovery, deadline=wire.deadline))
            try:
                return preflight.judge_late(discovery, resolved.late, scope=scope)
            except (NoMatchForKind, GroupUnavailable):
                if time.monotonic() >= end:
                    raise
        if time.monotonic() >= end:
            names = ", ".join(ref.name for ref in unready)
            raise CRDNotEstablished(f"not established within {LONGEST:.0f} s: {names}")
        wire.sleep(pause)
        pause = min(_LONGEST_PAUSE, 2 * pause)


def _established(wire: Wire, ref: ObjectRef) -> bool:
    voice = wire.voice(ref.namespace)
    found = wire.again(partial(voice.get, ref, deadline=wire.deadline))
    conditions = _conditions(found)
    return conditions.get("Established") == "True" and conditions.get("NamesAccepted") == "True"


def _conditions(live: dict[str, Any] | None) -> dict[str, str]:
    status = (live or {}).get("status") or {}
    return {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
