"""Sets the stage: clusters, repository, hub, project, two sources, and a team with a token.

In: an empty folder and where to listen. Out: a Demo in which everything runs until the block ends,
whatever way it ends. Everything is done as a reader could do it by hand, and is shown while it is
done; what follows (the page, or the checks of --once) only uses it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scripts.demo import arriving, members
from scripts.demo.children import free_port
from scripts.demo.folder import Folder, write_private
from scripts.demo.hub import Hub
from scripts.demo.shop import Shop
from scripts.demo.telling import step
from tests.fakes import git_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scripts.demo.members import Member
    from tests.fakes.git_server import GitServer

PROJECT = NAMESPACE = "shop"
SOURCES = {"staging": "overlays/staging", "production": "overlays/production"}
ADMIN, TEAM, ROBOT = "admin", "team", "robot"
# The Git server looks for a port behind those that the web server may get.
_GIT_PORT_AFTER = 20
_POLL_SECONDS = "5"
_ARRIVAL_SECONDS = 120.0

_MAKE_TEAM = f"""
from django.contrib.auth.models import Group, User
user = User.objects.create_user("{TEAM}", password=values[0])
user.groups.add(Group.objects.get(name="slipway:{PROJECT}:editor"))
"""
_PRINT_HUB_ID = "from projects.models import Hub; print(Hub.objects.get().uid)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Everything that runs."""

    folder: Folder
    members: tuple[Member, ...]
    server: GitServer
    shop: Shop
    hub: Hub
    passwords: Mapping[str, str]

    @property
    def clusters(self) -> tuple[str, ...]:
        """The names of the clusters."""
        return tuple(member.name for member in self.members)

    @property
    def are_ours(self) -> bool:
        """Tell whether the demo made the clusters, and so may stop them."""
        return all(member.real is not None for member in self.members)


@contextlib.contextmanager
def running(folder: Folder, *, environ: Mapping[str, str], port: int) -> Iterator[Demo]:
    """Start everything, bring the shop to every cluster, and end everything after the block.

    Raises: DemoFailed.
    """
    with contextlib.ExitStack() as stack:
        clusters = stack.enter_context(members.running(folder, environ, namespace=NAMESPACE))
        demo = _assembled(folder, clusters, port, stack)
        step("setting up the hub")
        demo.hub.manage("init", "--admin", ADMIN, "--password-stdin", stdin=demo.passwords[ADMIN])
        if not demo.are_ours:
            write_private(folder.hub_id, demo.hub.python(_PRINT_HUB_ID))
            stack.callback(members.clean, folder, namespace=NAMESPACE)
        stack.callback(demo.hub.end)
        step("starting the worker and the web server")
        demo.hub.start()
        _fill(demo)
        # Scripts that wait for a demo must not find the last one's.
        stack.callback(folder.facts.unlink, missing_ok=True)
        write_private(folder.facts, json.dumps(_facts(demo), indent=2) + "\n")
        yield demo


def _assembled(
    folder: Folder, clusters: tuple[Member, ...], port: int, stack: contextlib.ExitStack
) -> Demo:
    passwords = {name: secrets.token_urlsafe(15) for name in (ADMIN, TEAM, ROBOT)}
    serve = partial(git_server.serve, folder.git, username=ROBOT, password=passwords[ROBOT])
    server = stack.enter_context(serve(port=free_port(port and port + _GIT_PORT_AFTER)))
    shop = Shop(folder, server)
    shop.create()
    step(f"the sample repository is served at {shop.url}")
    return Demo(
        folder=folder,
        members=clusters,
        server=server,
        shop=shop,
        hub=Hub(folder, port=free_port(port)),
        passwords=passwords,
    )


def _fill(demo: Demo) -> None:
    """Bring the shop to every cluster."""
    hub = demo.hub
    step("registering the clusters, and a project that they take part in")
    hub.manage("project", "create", PROJECT, "--namespace", NAMESPACE)
    for member in demo.members:
        file = ("--kubeconfig", str(member.kubeconfig))
        hub.manage("cluster", "add", member.name, *file, "--label", f"region={member.name}")
    for name in demo.clusters:
        hub.manage("cluster", "attach", name, PROJECT, "--wait", "60")
    step(f"a team: user {TEAM} in group slipway:{PROJECT}:editor, with a token")
    hub.python(_MAKE_TEAM, stdin=(demo.passwords[TEAM],))
    hub.token = hub.manage("token", "create", TEAM, "demo", "--scope", "write").strip()
    step("the secret that opens the repository, and two sources")
    user = ("--username", ROBOT, "--password-stdin")
    hub.manage("secret", "create", PROJECT, "git", *user, stdin=demo.passwords[ROBOT])
    for name, path in SOURCES.items():
        where = ("--url", demo.shop.url, "--secret", "git", "--path", path)
        hub.manage("source", "add", PROJECT, name, *where, "--interval", _POLL_SECONDS)
    step("bringing the shop to every cluster")
    arriving.wait(
        hub,
        project=PROJECT,
        sources=tuple(SOURCES),
        clusters=demo.clusters,
        commit=demo.shop.head(),
        seconds=_ARRIVAL_SECONDS,
    )


def _facts(demo: Demo) -> dict[str, Any]:
    """What people read on the page, for scripts."""
    team = {"username": TEAM, "password": demo.passwords[TEAM], "token": demo.hub.token}
    return {
        "web": demo.hub.url,
        "admin": {"username": ADMIN, "password": demo.passwords[ADMIN]},
        "team": team,
        "git": {
            "url": demo.shop.url,
            "username": ROBOT,
            "password": demo.passwords[ROBOT],
            "worktree": str(demo.shop.worktree),
        },
        "clusters": [
            {"name": member.name, "kubeconfig": str(member.kubeconfig)} for member in demo.members
        ],
        "project": PROJECT,
        "namespace": NAMESPACE,
        "sources": [{"name": name, "path": path} for name, path in SOURCES.items()],
    }
