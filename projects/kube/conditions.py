"""Conditions and their reasons: the one list of machine words Slipway puts into a status or an
event.

Words are Flux's (fluxcd/pkg apis/meta, kustomize-controller api/v1) and KubeFed's
(pkg/controller/sync/status) where one fits. Ready is positive and always present once known;
Reconciling and Stalled are present only while True.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class ConditionType(StrEnum):
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    PROPAGATION = "Propagation"


class Reason(StrEnum):
    """Every reason, each with when it is given."""

    # Good ends.
    SUCCEEDED = "Succeeded"  # a GitRepository was read and its newest commit is here (Flux)
    RECONCILIATION_SUCCEEDED = "ReconciliationSucceeded"  # every cluster holds the commit (Flux)
    PROGRESSING = "Progressing"  # work is going on (Flux)
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"  # it failed and will be tried again (Flux)
    NEW_ARTIFACT = "NewArtifact"  # a new commit was fetched (Flux)
    SUSPENDED = "Suspended"  # stopped by a person or by a lease

    # Git.
    AUTHENTICATION_FAILED = "AuthenticationFailed"  # the server refused the credential (Flux)
    GIT_OPERATION_FAILED = "GitOperationFailed"  # git failed otherwise (Flux)
    INVALID_URL = "InvalidURL"  # the repository URL is not one we would follow
    INVALID_REF = "InvalidRef"  # the branch, tag or commit is not a name we would pass to git
    REF_NOT_FOUND = "RefNotFound"  # the branch or tag is not there (any more); nothing is pruned
    REDIRECT_REFUSED = (
        "RedirectRefused"  # the server sent us to another address; credentials stay home
    )
    REPOSITORY_TOO_LARGE = "RepositoryTooLarge"  # more bytes or files than the limits allow
    CORRUPT_REPOSITORY = "CorruptRepository"  # git refused the objects it was sent
    REPOSITORY_NOT_FOUND = "RepositoryNotFound"  # the server knows no such repository, or hides it
    FETCH_TIMEOUT = "FetchTimeout"  # the server or git took longer than allowed
    DISK_FULL = "DiskFull"  # the hub has no room to write the repository
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105  # the named Secret is not in the project
    SECRET_INVALID = "SecretInvalid"  # noqa: S105  # the Secret lacks the keys its use wants

    # Rendering.
    ARTIFACT_FAILED = "ArtifactFailed"  # the GitRepository has no commit to read (Flux)
    BUILD_FAILED = "BuildFailed"  # the tree does not render (Flux)
    INVALID_PATH = "InvalidPath"  # spec.path is not a path below the repository root
    PATH_NOT_FOUND = "PathNotFound"  # the commit has no such directory
    NOTHING_RENDERED = (
        "NothingRendered"  # the directory holds no manifest; never read as "delete all"
    )
    MANIFEST_INVALID = "ManifestInvalid"  # a document is not a Kubernetes object
    DUPLICATE_OBJECT = "DuplicateObject"  # one object is rendered twice
    SCOPE_VIOLATION = "ScopeViolation"  # a namespace or kind the project may not touch
    LIMIT_EXCEEDED = "LimitExceeded"  # a size or count limit
    SYMLINK_NOT_ALLOWED = "SymlinkNotAllowed"  # a link in the tree is needed for rendering
    PATH_OUTSIDE_SOURCE = "PathOutsideSource"  # a reference leaves the repository
    REMOTE_REFERENCE_NOT_ALLOWED = "RemoteReferenceNotAllowed"  # a kustomization names a URL
    FEATURE_NOT_ALLOWED = "FeatureNotAllowed"  # plugins, functions, helmCharts in a kustomization
    CYCLE_DETECTED = "CycleDetected"  # kustomizations include each other
    RENDER_TIMEOUT = "RenderTimeout"  # the renderer ran too long
    OUT_OF_MEMORY = "OutOfMemory"  # the renderer hit its memory limit
    WORKER_CRASHED = "WorkerCrashed"  # the work killed its worker too often and is set aside
    INTERNAL_ERROR = "InternalError"  # a bug; details are in the log only

    # Clusters.
    CLUSTER_UNREACHABLE = "ClusterUnreachable"  # no answer, refused, or no such host
    ADDRESS_NOT_ALLOWED = "AddressNotAllowed"  # the address is one that is never called
    TLS_VERIFY_FAILED = "TLSVerifyFailed"  # the certificate is not signed by the cluster's CA
    UNAUTHORIZED = "Unauthorized"  # the credential is not accepted (401)
    FORBIDDEN = "Forbidden"  # the credential lacks a right (403)
    THROTTLED = "Throttled"  # the cluster asked for fewer requests (429)
    CLUSTER_ERROR = "ClusterError"  # an answer that is no Kubernetes answer
    CLUSTER_CONFIG_MALFORMED = (
        "ClusterConfigMalformed"  # the kubeconfig is not one we would use (KubeFed)
    )
    CLUSTER_IDENTITY_CHANGED = "ClusterIdentityChanged"  # another cluster answers at this address
    NAMESPACE_NOT_OURS = "NamespaceNotOurs"  # the namespace exists and was not made by this hub
    NAMESPACE_NOT_READY = "NamespaceNotReady"  # it is missing or terminating

    # Applying and pruning.
    NO_MATCH_FOR_KIND = "NoMatchForKind"  # the cluster does not serve the kind
    CRD_NOT_ESTABLISHED = "CRDNotEstablished"  # a definition did not become usable in time
    OWNERSHIP_CONFLICT = (
        "OwnershipConflict"  # the object belongs to someone else, or to nobody, and adoption is off
    )
    FIELD_CONFLICT = "FieldConflict"  # another manager owns a field and force is off
    IMMUTABLE_FIELD = "ImmutableField"  # the server does not let this field change
    REJECTED = "Rejected"  # the server refused the object (422, 400, admission)
    ADMISSION_DENIED = (
        "AdmissionDenied"  # an admission webhook or policy of the cluster refused the object
    )
    RECONCILIATION_FAILED = "ReconciliationFailed"  # applying failed (Flux)
    PRUNE_FAILED = (
        "PruneFailed"  # some objects could not be deleted and stay in the inventory (Flux)
    )
    PRUNE_BLOCKED = (
        "PruneBlocked"  # too many deletions at once; wants a confirmation naming the commit
    )
    PRUNE_PROTECTED = (
        "PruneProtected"  # a Namespace, CRD, PV or PVC; goes only when a person chose it
    )
    PRUNE_DISABLED = (
        "PruneDisabled"  # pruning is off for the source, or for the object by annotation
    )
    DELETION_PENDING = "DeletionPending"  # deleted, but a finalizer holds the object
    DEADLINE_EXCEEDED = "DeadlineExceeded"  # the run was out of time; the rest goes on next time
    SUPERSEDED = "Superseded"  # the run was overtaken: newer spec, lost lease, suspension
    DRIFT_CORRECTED = "DriftCorrected"  # a live change was taken back

    # KubeFed's per-cluster and aggregate words.
    CHECK_CLUSTERS = (
        "CheckClusters"  # at least one cluster is not well; `clusters` says which and why
    )
    CLUSTER_READY = "ClusterReady"  # the cluster answers
    CLUSTER_NOT_READY = "ClusterNotReady"  # the cluster does not answer
    COMPUTE_PLACEMENT_FAILED = (
        "ComputePlacementFailed"  # the placement cannot be read as a choice of clusters
    )
    WAITING_FOR_REMOVAL = "WaitingForRemoval"  # it is being taken off the cluster
    CREATION_FAILED = "CreationFailed"  # it could not be brought there for the first time
    UPDATE_FAILED = "UpdateFailed"  # an older state is there; the new one could not be applied
    DELETION_FAILED = "DeletionFailed"  # it could not be taken off the cluster
    CREATION_TIMED_OUT = (
        "CreationTimedOut"  # not created there yet; KubeFed's word while it goes on
    )
    UPDATE_TIMED_OUT = "UpdateTimedOut"  # an older state is there; the new one has not arrived yet
    DELETION_TIMED_OUT = "DeletionTimedOut"  # out of time while deleting; it goes on
    APPLY_OVERRIDES_FAILED = (
        "ApplyOverridesFailed"  # a per-cluster override does not fit (overrides do not exist yet)
    )
    ALREADY_EXISTS = "AlreadyExists"  # something there belongs to somebody else
    CLIENT_RETRIEVAL_FAILED = (
        "ClientRetrievalFailed"  # the cluster's address or credential does not let us in
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition; times are aware datetimes in UTC."""

    type: str
    status: str  # "True", "False" or "Unknown"
    reason: str
    message: str = ""
    last_transition_at: datetime | None = None
    observed_generation: int = 0

    def to_json(self) -> dict[str, Any]:
        """The wire form: metav1.Condition, RFC 3339 in UTC without fractions."""
        found: dict[str, Any] = {
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "observedGeneration": self.observed_generation,
        }
        if self.last_transition_at is not None:
            found["lastTransitionTime"] = timestamp(self.last_transition_at)
        return found

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Condition:
        at = data.get("lastTransitionTime")
        return cls(
            type=data["type"],
            status=data["status"],
            reason=data.get("reason", ""),
            message=data.get("message", ""),
            last_transition_at=datetime.fromisoformat(at.replace("Z", "+00:00")) if at else None,
            observed_generation=data.get("observedGeneration", 0),
        )


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC without fractions, as Kubernetes writes times."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def put(
    conditions: tuple[Condition, ...], new: Condition, *, now: datetime
) -> tuple[Condition, ...]:
    """Set one condition; its transition time moves only when its status does (apimachinery
    SetStatusCondition).
    """
    old = next((condition for condition in conditions if condition.type == new.type), None)
    same = old is not None and old.status == new.status
    at = old.last_transition_at if old is not None and same else now
    rest = tuple(condition for condition in conditions if condition.type != new.type)
    return tuple(
        sorted((*rest, replace(new, last_transition_at=at)), key=lambda condition: condition.type)
    )


def drop(conditions: tuple[Condition, ...], *types: str) -> tuple[Condition, ...]:
    """Remove the abnormal-true conditions that no longer hold."""
    return tuple(condition for condition in conditions if condition.type not in types)


def find(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    return next((condition for condition in conditions if condition.type == type_), None)
