"""The only code that speaks to member clusters: HTTPS out, objects and errors of this project in.

Start at client.Client over transport.Transport; access comes from credentials.parse_kubeconfig. No
Django, no rows, no decisions about what to apply, prune or retry. The rules kept here are
security.md 1.4 and R-02 to R-10.
"""
