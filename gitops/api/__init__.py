"""The REST door of gitops: sources and their revisions."""
