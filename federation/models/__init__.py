"""The rows of federation."""

from federation.models.inventory import InventoryEntry
from federation.models.propagation import Deployment, Propagation

__all__ = ["Deployment", "InventoryEntry", "Propagation"]
