"""Who is acting, and whether they may: called by operations, never by views.

What an actor may not see is NotFound, so that nobody learns of it; what they see but may not do is
Denied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from projects import roles
from projects.errors import Denied, NotFound
from projects.roles import Verb

if TYPE_CHECKING:
    from projects.models import Project

# What a token's scope lets through, whatever its user may.
SCOPES: dict[str, frozenset[Verb]] = {
    "read": frozenset({Verb.VIEW}),
    "sync": frozenset({Verb.VIEW, Verb.SYNC}),
    "write": frozenset(Verb),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone who acts: a person or machine by name, or Slipway itself.

    groups are the names of the Django groups the user is in at this moment; via is the door they
    came through.
    """

    name: str
    via: str
    groups: frozenset[str] = field(default_factory=frozenset)
    is_superuser: bool = False
    scope: str = "write"
    only_project: int | None = None
    token_id: int | None = None
    source_ip: str | None = None
    request_id: str = ""

    @property
    def is_platform_admin(self) -> bool:
        return self.is_superuser or roles.PLATFORM_ADMIN in self.groups

    @property
    def is_platform(self) -> bool:
        """Tell whether the actor may see everything: platform staff, auditors, Slipway itself."""
        return self.is_platform_admin or roles.PLATFORM_AUDITOR in self.groups

    def may(self, verb: Verb, project_name: str) -> bool:
        """Look up the one permission table."""
        if verb not in SCOPES[self.scope]:
            return False
        if self.is_platform_admin or (verb is Verb.VIEW and self.is_platform):
            return True
        if verb is Verb.PLATFORM:
            return False
        return any(
            roles.group_name(project_name, role) in self.groups for role in roles.roles_with(verb)
        )

    def projects_with(self, verb: Verb) -> list[str]:
        """Names of the projects in which the actor's groups grant a verb."""
        wanted = {str(role) for role in roles.roles_with(verb)}
        parts = (group.split(":") for group in self.groups if group.startswith("slipway:"))
        return sorted({part[1] for part in parts if len(part) == 3 and part[2] in wanted})


def system(via: str = "system", name: str = "slipway") -> Actor:
    """Slipway acting on its own account, or an operator at the command line of the hub."""
    return Actor(name=name, via=via, is_superuser=True)


def of_user(user: Any, *, via: str, **more: Any) -> Actor:
    """The actor behind a Django user; groups are read now, so a lost membership counts at once."""
    groups = frozenset(user.groups.values_list("name", flat=True))
    return Actor(
        name=user.get_username(), via=via, groups=groups, is_superuser=user.is_superuser, **more
    )


def require(actor: Actor, verb: Verb, project: Project) -> None:
    """Let the actor through, or raise.

    Raises: NotFound when they may not even see the project, Denied otherwise.
    """
    visible = actor.only_project in (None, project.pk) and actor.may(Verb.VIEW, project.name)
    if not visible:
        raise NotFound(f"project {project.name!r} not found")
    if not actor.may(verb, project.name):
        raise Denied(f"{actor.name} may not {verb} in project {project.name!r}")


def require_platform(actor: Actor) -> None:
    """Let platform admins through.

    Raises: Denied.
    """
    if not (
        actor.is_platform_admin
        and actor.only_project is None
        and Verb.PLATFORM in SCOPES[actor.scope]
    ):
        raise Denied(f"{actor.name} is not a platform admin")
