"""Projects, clusters, secrets, roles and the ledger: who may do what, where, and who did it."""
