"""GitRepositories, Kustomizations, revisions and desired states: what Git says should be."""
