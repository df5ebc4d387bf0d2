"""`make demo ONCE=1`: the demo judges itself.

In: a Demo with the shop on every cluster. Out: what was checked, printed as it is; DemoFailed with
the reason when something is not as Git says. Commits, a removal, a cluster that is away and comes
back, a deleted source: after each step the real kubectl compares every cluster with Git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.demo import arriving, judging
from scripts.demo.stage import NAMESPACE, PROJECT, SOURCES
from scripts.demo.telling import detail, page, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.demo.stage import Demo

# A cluster that was away is tried again within the hub's retry time, which doubles.
_SECONDS = 120.0
_BANNER = "overlays/staging/storefront.env"
_BASE = "base/kustomization.yaml"
_GONE = "catalog.yaml"
_STAGING, _PRODUCTION = SOURCES


def check(demo: Demo) -> None:
    """Go through the whole story.

    Raises: DemoFailed.
    """
    checked = ["every cluster held what Git said at first"]
    _compare(demo)
    _change_and_remove(demo)
    checked.append("a change and a removal reached every cluster")
    if demo.are_ours:
        _stop_and_restart(demo)
        checked.append("a stopped cluster held up nobody and caught up")
    else:
        step("no cluster is stopped: they are yours")
    _delete(demo)
    checked.append("a deleted source took its objects along, and nothing else")
    page("\nchecked with kubectl, object by object:")
    page("\n".join(f"  - {each}" for each in checked))


def _change_and_remove(demo: Demo) -> None:
    step("committing a change and a removal: another banner in staging, no catalog anywhere")
    shop = demo.shop
    files: dict[str, str | None] = {
        _BANNER: "BANNER=Everything must go\n",
        _BASE: shop.read(_BASE).replace(f"- {_GONE}\n", ""),
        f"base/{_GONE}": None,
    }
    _arrive(demo, shop.commit(files, message="Another banner, no catalog"), demo.clusters)
    _compare(demo)


def _stop_and_restart(demo: Demo) -> None:
    away, others = demo.members[-1], demo.members[:-1]
    if away.real is None:
        return
    step(f"stopping {away.name}, and committing while it is away")
    away.real.stop()
    commit = demo.shop.commit({_BANNER: "BANNER=Back in a moment\n"}, message="A third banner")
    _arrive(demo, commit, [member.name for member in others])
    _compare(demo, but=away.name)
    step(f"starting {away.name} again")
    away.real.start()
    _arrive(demo, commit, demo.clusters)
    _compare(demo)


def _delete(demo: Demo) -> None:
    step(f"deleting source {_STAGING}")
    demo.hub.manage("source", "delete", PROJECT, _STAGING, "--wait", "120")
    _compare(demo, sources=(_PRODUCTION,))


def _arrive(demo: Demo, commit: str, clusters: Sequence[str]) -> None:
    arriving.wait(
        demo.hub,
        project=PROJECT,
        sources=tuple(SOURCES),
        clusters=clusters,
        commit=commit,
        seconds=_SECONDS,
    )


def _compare(demo: Demo, *, sources: Sequence[str] = tuple(SOURCES), but: str = "") -> None:
    step("comparing with Git")
    says = judging.truth(demo.shop, paths=[SOURCES[name] for name in sources])
    for member in demo.members:
        if member.name != but:
            detail(judging.judge(member, says=says, namespace=NAMESPACE))
