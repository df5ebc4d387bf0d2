"""The REST door of federation: clusters, and how each source is on each of them."""
