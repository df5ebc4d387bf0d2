"""The rows of projects."""

from projects.models.audit import AuditEntry, Change
from projects.models.base import Conditioned, Leased, ObjectMeta
from projects.models.cluster import Attachment, Cluster
from projects.models.event import ClusterEvent
from projects.models.hub import Hub, WorkerLease
from projects.models.project import Project
from projects.models.secret import Secret
from projects.models.token import ApiToken

__all__ = [
    "ApiToken",
    "Attachment",
    "AuditEntry",
    "Change",
    "Cluster",
    "ClusterEvent",
    "Conditioned",
    "Hub",
    "Leased",
    "ObjectMeta",
    "Project",
    "Secret",
    "WorkerLease",
]
