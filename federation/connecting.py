"""Opening a member cluster: from a row with a sealed credential to a client.

One of the shells that may open a credential (architecture 2.1 rule 10). Nothing is kept open
between runs; whoever opens closes.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings

from federation.member.addresses import AddressPolicy
from federation.member.client import Client
from federation.member.credentials import ClusterAccess
from federation.member.transport import Transport
from projects.errors import Conflict
from projects.kube.conditions import Reason
from projects.operations import clusters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projects.models import Cluster

# The identity of a cluster is the uid of this namespace: it lives as long as the cluster's data.
_IDENTITY_NAMESPACE = "kube-system"
# The first call is short: a cluster that is not there is found out quickly, and costs one thread
# that long.
_FIRST_CALL_SECONDS = 5.0


class ClusterIdentityChanged(Conflict):
    """Another cluster answers at this address; nothing is applied or pruned with the old inventory
    (R-40).
    """

    default_reason: ClassVar[str] = Reason.CLUSTER_IDENTITY_CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a cluster introduced itself."""

    version: str
    identity: str


def address_policy() -> AddressPolicy:
    """Which addresses the operator lets clusters have."""
    allowed = settings.SLIPWAY["ALLOW_PRIVATE_ADDRESSES"]
    return AddressPolicy(allow_loopback=allowed, allow_private=allowed)


def access_of(cluster: Cluster) -> ClusterAccess:
    """Open a cluster's credential.

    Raises: CredentialUndecryptable, AccessInvalid.
    """
    return ClusterAccess(
        server=cluster.server,
        ca_pem=cluster.ca_pem,
        tls_server_name=cluster.tls_server_name,
        **clusters.credential(cluster),
    )


@contextlib.contextmanager
def open_client(cluster: Cluster) -> Iterator[Client]:
    """Connect with the cluster's own credential.

    Raises: CredentialUndecryptable, AccessInvalid, AddressNotAllowed.
    """
    with Transport(access_of(cluster), policy=address_policy()) as transport:
        yield Client(transport)


def introduce(client: Client, *, known_identity: str = "") -> Answer:
    """Ask a cluster who it is, within a few seconds.

    Raises: ClusterIdentityChanged, and what a client raises.
    """
    identity = check_identity(client, known_identity=known_identity)
    version = client.version(deadline=time.monotonic() + _FIRST_CALL_SECONDS)
    return Answer(version=version, identity=identity)


def check_identity(client: Client, *, known_identity: str) -> str:
    """Make sure that the cluster is the one we know, within a few seconds; the first call of every
    run.

    Raises: ClusterIdentityChanged, and what a client raises.
    """
    identity = client.namespace_uid(
        _IDENTITY_NAMESPACE, deadline=time.monotonic() + _FIRST_CALL_SECONDS
    )
    if known_identity and identity != known_identity:
        raise ClusterIdentityChanged(
            "another cluster answers at this address (its kube-system has another uid); "
            "nothing is applied or pruned"
        )
    return identity


def test_access(access: ClusterAccess) -> Answer:
    """Try an access before it is kept.

    Raises: what a client raises, and AddressNotAllowed.
    """
    with Transport(access, policy=address_policy()) as transport:
        return introduce(Client(transport))
