"""Keeping and replacing secret payloads; nothing here gives one out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projects import access, keys, ledger, manifests
from projects.kube.manifest import canonical
from projects.models import Change, Project, Secret
from projects.operations import naming, rows
from projects.roles import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from projects.access import Actor

# A Kubernetes Secret holds 1 MiB at most.
MAX_PAYLOAD_BYTES = 1 << 20


@ledger.operation()
def create(
    *,
    project: Project,
    name: str,
    payload: Mapping[str, str],
    actor: Actor,
    now: datetime,
    type: str = "Opaque",
) -> Secret:
    """Keep a payload (key name to text) under a name.

    Raises: NotFound, Denied, Invalid, AlreadyExists.
    """
    access.require(actor, Verb.EDIT, project)
    naming.subdomain(name, field="name")
    secret = Secret(project=project, name=name, type=type)
    _put(secret, payload)
    rows.insert(secret, taken=f"secret {name!r} exists in project {project.name!r}")
    _record(secret, Change.Type.ADDED, verb="create", actor=actor, now=now)
    return secret


@ledger.operation()
def replace(*, secret: Secret, payload: Mapping[str, str], actor: Actor, now: datetime) -> Secret:
    """Put another payload in the place of the one there is; sources that use it are tried again at
    once.

    Raises: NotFound, Denied, Invalid.
    """
    access.require(actor, Verb.EDIT, secret.project)
    _put(secret, payload)
    secret.generation += 1
    secret.save()
    _record(secret, Change.Type.MODIFIED, verb="replace", actor=actor, now=now)
    ledger.wake("Secret", secret.pk)
    return secret


@ledger.operation()
def delete(*, secret: Secret, actor: Actor, now: datetime) -> None:
    """Forget a secret. Sources that name it then say SecretNotFound and keep what is deployed.

    Raises: NotFound, Denied.
    """
    access.require(actor, Verb.EDIT, secret.project)
    _record(secret, Change.Type.DELETED, verb="delete", actor=actor, now=now)
    secret.delete()


def open_payload(secret: Secret) -> dict[str, str]:
    """Give out the payload: for the shells named in architecture 2.1 rule 10 only.

    Raises: CredentialUndecryptable.
    """
    payload: dict[str, str] = keys.ring().open(secret.sealed_payload, binding=_binding(secret))
    return payload


def _put(secret: Secret, payload: Mapping[str, str]) -> None:
    if not payload:
        raise naming.invalid("payload", "is empty; give at least one key")
    for key, value in payload.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise naming.invalid("payload", "keys and values are texts")
    content = canonical(dict(payload))
    if len(content) > MAX_PAYLOAD_BYTES:
        raise naming.invalid(
            "payload", f"is {len(content)} bytes; at most {MAX_PAYLOAD_BYTES} are kept"
        )
    secret.sealed_payload = keys.ring().seal(dict(payload), binding=_binding(secret))
    secret.key_names = sorted(payload)
    secret.digest = keys.ring().digest(content)


def _binding(secret: Secret) -> str:
    return f"Secret/{secret.uid}"


def _record(secret: Secret, type: Change.Type, *, verb: str, actor: Actor, now: datetime) -> None:
    project = secret.project
    ledger.changed(
        secret,
        type=type,
        kind="FederatedSecret",
        namespace=project.namespace,
        name=secret.name,
        manifest=manifests.secret(secret),
        now=now,
    )
    ledger.acted(
        actor=actor,
        verb=verb,
        kind="Secret",
        name=secret.name,
        uid=secret.uid,
        project=project.name,
        now=now,
        details={"keys": secret.key_names, "digest": secret.digest},
    )
