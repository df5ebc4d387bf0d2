"""The Kubernetes vocabulary every room speaks: names, manifests, conditions, masking. Standard
library only.
"""
