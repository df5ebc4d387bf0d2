"""The write side of gitops: sources, suspensions, revisions and desired states, statuses."""
