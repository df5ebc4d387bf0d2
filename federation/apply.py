"""Run a plan over a cluster: the front door of federation.applying.

In: what is desired, the inventory of the last run, a client that speaks as the project's service
account, and a journal. Out: an Outcome - what was done, the inventory after it, survivors, one
error or none. Errors that are anticipated are in the outcome, since a run that fails half-way has
still done its first half.

The order is what makes a run safe to kill anywhere: everything is judged before the first write;
what will be applied is in the inventory before it is on the cluster; nothing is pruned unless
everything was applied; nothing is forgotten unless its deletion is confirmed. What is decided, is
decided in federation.engine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from federation.applying import bringing, establishing, observe, preflight, removal
from federation.applying.establishing import CRDNotEstablished
from federation.applying.events import post_event
from federation.applying.failures import PruneBlocked, PruneFailed
from federation.applying.journal import Journal, Superseded
from federation.applying.namespaces import (
    NamespaceNotOurs,
    account,
    prepare_namespace,
    release_namespace,
)
from federation.applying.run import Outcome, Run
from federation.applying.wire import IN_FLIGHT, Wire
from federation.engine import order, plan
from federation.engine.order import Stage
from federation.engine.ownership import Owner, OwnershipConflict
from federation.engine.plan import Desired, Options, Step, Verb
from federation.engine.scope import ScopeViolation
from projects import faults
from projects.errors import Cause, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.applying.observe import Seen
    from federation.applying.preflight import Resolved
    from federation.engine.inventory import Inventory
    from federation.member.client import Client

__all__ = [
    "CRDNotEstablished",
    "Desired",
    "Journal",
    "NamespaceNotOurs",
    "Options",
    "Outcome",
    "Owner",
    "OwnershipConflict",
    "PruneBlocked",
    "PruneFailed",
    "ScopeViolation",
    "Superseded",
    "account",
    "post_event",
    "prepare_namespace",
    "release_namespace",
    "run",
]


def run(
    *,
    client: Client,
    owner: Owner,
    desired: Sequence[Desired],
    inventory: Inventory,
    options: Options,
    journal: Journal,
    deadline: float,
    platform: Client | None = None,
) -> Outcome:
    """Bring one owner's desired state to one cluster, or take it away (options.removing).

    platform is the cluster's own credential, used only for the cluster-scoped kinds the options
    allow. deadline is a value of time.monotonic().
    """
    if platform is None:
        options = replace(options, cluster_kinds=frozenset())
    with ThreadPoolExecutor(max_workers=IN_FLIGHT, thread_name_prefix="apply") as pool:
        wire = Wire(client=client, platform=platform, pool=pool, deadline=deadline)
        going = Run(wire=wire, owner=owner, options=options, journal=journal, inventory=inventory)
        try:
            _go(going, () if options.removing else tuple(desired))
        except DomainError as error:
            return going.outcome(error)
        return going.outcome(None)


def _go(run: Run, desired: tuple[Desired, ...]) -> None:
    """Judge, see, decide, claim, apply, prune."""
    run.journal.check()
    resolved = preflight.resolve(run.wire, desired, scope=run.options.scope(run.owner))
    wanted = (*resolved.known, *resolved.late)
    run.desired = {each.ref.key: each for each in wanted}
    seen = _see(run, resolved.known)
    todo = plan.plan(
        desired=wanted,
        inventory=run.inventory,
        live=seen.live,
        owner=run.owner,
        options=run.options,
    )
    _refuse(run, todo.applies)
    _claim(run, todo.applies)
    faults.reach("inventory-written", run.owner.name)
    _apply_all(run, todo.applies, resolved)
    faults.reach("before-prune", run.owner.name)
    removal.remove(run, todo.deletions, seen)
    if todo.blocked:
        raise PruneBlocked(todo.blocked)


def _see(run: Run, desired: Sequence[Desired]) -> Seen:
    """Observe the cluster; kinds that could not be seen fail when their turn comes."""
    seen = observe.observe(run.wire, owner=run.owner, desired=desired, inventory=run.inventory)
    for each in desired:
        if error := seen.refusal(each.ref):
            run.unseen[each.ref.key] = error
    return seen


def _apply_all(run: Run, steps: Sequence[Step], resolved: Resolved) -> None:
    """Apply stage by stage; after a stage with errors comes neither another nor the pruning."""
    late = {each.ref.key for each in resolved.late}
    waiting = [step for step in steps if step.ref.key not in late]
    for stage in Stage:
        if late and stage is not Stage.DEFINITIONS:
            waiting += _late_steps(run, resolved)
            late = set()
        now = [step for step in waiting if order.stage(step.ref) is stage]
        if now:
            bringing.bring(run, sorted(now, key=lambda step: order.key(step.ref)))
            run.raise_failures()


def _late_steps(run: Run, resolved: Resolved) -> tuple[Step, ...]:
    """Decide on the objects whose kind has just been defined."""
    scope = run.options.scope(run.owner)
    late = establishing.establish(run.wire, resolved, scope=scope)
    run.desired |= {each.ref.key: each for each in late}
    steps = plan.decide(
        desired=late,
        inventory=run.inventory,
        live=_see(run, late).live,
        owner=run.owner,
        options=run.options,
    )
    _refuse(run, steps)
    return steps


def _claim(run: Run, steps: Sequence[Step]) -> None:
    """Put into the inventory what will be applied and is not in it."""
    new = (Verb.APPLY, Verb.WAIT)
    run.claim([each.ref for each in steps if each.verb in new and not run.inventory.get(each.ref)])


def _refuse(run: Run, steps: Sequence[Step]) -> None:
    """Refuse the whole run when one object is not ours to write.

    Raises: OwnershipConflict, naming every object and where it was written.
    """
    refused = [step for step in steps if step.verb is Verb.REFUSE]
    if not refused:
        return
    causes = tuple(
        Cause(
            message=f"{run.desired[step.ref.key].place}: {step.ref} {step.message}",
            field=str(step.ref),
            reason=OwnershipConflict.default_reason,
        )
        for step in refused
    )
    raise OwnershipConflict(
        "; ".join(cause.message for cause in causes), ref=refused[0].ref, causes=causes
    )
