"""Mounts and configures the packages; nothing imports it."""
