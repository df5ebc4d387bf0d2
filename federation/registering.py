"""From what people have, a kubeconfig or single values, to what an operation keeps of a cluster.

In: a checked ClusterAccess. Out: the ClusterSpec of projects.operations.clusters. Every door that
registers a cluster goes through here, so that all take and refuse the same. Nothing is connected to
(federation.connecting) and nothing written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.member.errors import AccessInvalid
from projects.operations.clusters import ClusterSpec

if TYPE_CHECKING:
    from federation.member.credentials import ClusterAccess

# As long as the column.
LONGEST_SERVER = 500


def spec_of(access: ClusterAccess) -> ClusterSpec:
    """Return what an operation keeps of an access.

    Raises: AccessInvalid when the server is longer than is kept.
    """
    if len(access.server) > LONGEST_SERVER:
        raise AccessInvalid("server", f"is longer than {LONGEST_SERVER} characters")
    return ClusterSpec(
        server=access.server,
        ca_pem=access.ca_pem,
        tls_server_name=access.tls_server_name,
        credential={
            "token": access.token,
            "client_cert_pem": access.client_cert_pem,
            "client_key_pem": access.client_key_pem,
        },
    )
