"""Propagation, inventory, events: what each cluster got, and how it is."""
