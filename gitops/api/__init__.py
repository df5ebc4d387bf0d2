"""The REST door of gitops."""
