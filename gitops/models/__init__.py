"""The rows of gitops."""

from gitops.models.git_repository import GitRepository
from gitops.models.kustomization import Kustomization, Suspension
from gitops.models.revision import DesiredState, Revision

__all__ = ["DesiredState", "GitRepository", "Kustomization", "Revision", "Suspension"]
