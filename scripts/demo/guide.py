"""The page a reader sees when everything runs: what is where, and five things to try.

In: a Demo. Out: text. Commands are meant to be pasted into another terminal as they stand, so every
path and name in them is that of this very demo.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.demo.arriving import revision
from scripts.demo.kubectl import PROGRAM
from scripts.demo.stage import ADMIN, NAMESPACE, PROJECT, SOURCES
from scripts.demo.telling import shown, table

if TYPE_CHECKING:
    from scripts.demo.stage import Demo

_PAGE = """
{clusters}

  admin site   {web}/admin/   user {admin}, password {password}
  REST API     {web}/api/v1/projects/{project}/sources   with the team's token:
               curl -H "Authorization: Bearer {token}" {web}/api/v1/projects/{project}/sources
  Git          {worktree} is a working tree; what you push there is at {url}
  kubectl      {kubectl} --kubeconfig {kubeconfig} -n {namespace} get deployments
  for scripts  {facts}

Five things to try, in another terminal{where}:

1. Change the repository. Every cluster follows within seconds; the old ConfigMap is pruned.
     echo 'CAMPAIGN=summer' >> {worktree}/overlays/{source}/storefront.env
     git -C {worktree} commit -qam 'Summer' && git -C {worktree} push -q
     {manage} source status {project} {source}

2. Break a manifest. Nothing is applied and nothing deleted; the status names file and line.
     echo 'kind: [' >> {worktree}/base/cart.yaml
     git -C {worktree} commit -qam 'Oops' && git -C {worktree} push -q
     {manage} source sync {project} {source} --wait
     git -C {worktree} revert --no-edit HEAD && git -C {worktree} push -q

3. Suspend. Commits wait until you resume, or until the time is over.
     {manage} source suspend {project} {source} --for 30m --reason 'looking at it by hand'
     {manage} source resume {project} {source} --wait

4. Delete a source. What it applied goes from every cluster; the other source's objects stay.
     {manage} source delete {project} {source} --wait

5. {stop}

Ctrl-C ends everything."""

_STOP = """Stop a cluster. The others do not wait for it, and it catches up when it is back.
     touch {file}
     {manage} cluster list
     rm {file}
     {manage} source sync {project} {other} --wait"""
_LEAVE = """Let a cluster go, and take it back: what was applied there is removed, then returns.
     {manage} cluster detach {cluster} {project} --wait
     {manage} cluster attach {cluster} {project} --wait"""


def page(demo: Demo) -> str:
    """Write the page."""
    folder, member = demo.folder, demo.members[-1]
    source, other = SOURCES
    words = {
        "manage": _command(folder.manage),
        "project": PROJECT,
        "source": source,
        "other": other,
        "cluster": member.name,
        "file": _quoted(folder.stopped / member.name),
    }
    return _PAGE.format(
        **words,
        clusters=_clusters(demo),
        web=demo.hub.url,
        admin=ADMIN,
        password=demo.passwords[ADMIN],
        token=demo.hub.token,
        worktree=_quoted(folder.worktree),
        url=demo.shop.url,
        kubectl=_command(PROGRAM),
        kubeconfig=_quoted(member.kubeconfig),
        namespace=NAMESPACE,
        facts=shown(folder.facts),
        where=f" (cd {_quoted(Path.cwd(), whole=True)})",
        stop=(_STOP if demo.are_ours else _LEAVE).format(**words),
    )


def _clusters(demo: Demo) -> str:
    """What is on each cluster, as the hub tells it."""
    versions = {row["name"]: row["kubernetes_version"] for row in demo.hub.json("cluster", "list")}
    rows = [("CLUSTER", "KUBERNETES", "SOURCE", "STATE", "REVISION", "OBJECTS")]
    states: dict[str, dict[str, Any]] = {
        name: demo.hub.get(f"projects/{PROJECT}/sources/{name}/status") for name in SOURCES
    }
    for cluster in demo.clusters:
        for source, state in states.items():
            row = next(each for each in state["clusters"] if each["cluster"] == cluster)
            where = (cluster, versions[cluster], source)
            rows.append((*where, row["state"], revision(row["revision"]), str(row["objects"])))
    return table(rows)


def _quoted(path: Path, *, whole: bool = False) -> str:
    return shlex.quote(str(path) if whole else shown(path))


def _command(path: Path) -> str:
    text = shown(path)
    return shlex.quote(text if os.sep in text else f"./{text}")
