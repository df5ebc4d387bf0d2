"""Who may do what in a project: the one table, role by verb, and the Django group behind each role.

A user's rights come from groups alone. Project roles hold for one project; platform roles for the
installation.
"""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    VIEW = "view"  # see the project and everything in it, secret values excepted
    SYNC = "sync"  # sync now, suspend, resume, confirm a prune
    EDIT = "edit"  # make, change and delete sources and secrets
    ADMIN = "admin"  # change the project and who is in it
    PLATFORM = "platform"  # clusters, projects, attachments


class Role(StrEnum):
    VIEWER = "viewer"
    DEPLOYER = "deployer"
    EDITOR = "editor"
    ADMIN = "admin"


PERMISSIONS: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.VIEW}),
    Role.DEPLOYER: frozenset({Verb.VIEW, Verb.SYNC}),
    Role.EDITOR: frozenset({Verb.VIEW, Verb.SYNC, Verb.EDIT}),
    Role.ADMIN: frozenset({Verb.VIEW, Verb.SYNC, Verb.EDIT, Verb.ADMIN}),
}

PLATFORM_ADMIN = "slipway:platform-admin"
PLATFORM_AUDITOR = "slipway:platform-auditor"


def group_name(project: str, role: Role) -> str:
    """The Django group whose members have a role in a project."""
    return f"slipway:{project}:{role}"


def roles_with(verb: Verb) -> tuple[Role, ...]:
    return tuple(role for role in Role if verb in PERMISSIONS[role])
