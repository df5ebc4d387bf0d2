"""The write side of federation: propagations, inventories, the journal of a run."""
