"""The parts of federation.apply: how a run looks, writes, waits and deletes on one cluster.

Adapter room: it speaks through federation.member only, knows no Django and no rows, and decides
nothing; what is to be done was decided in federation.engine. Callers import federation.apply.
"""
