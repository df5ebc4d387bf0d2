"""Plug-ins of the whole suite."""

pytest_plugins = ["tests.realcluster.plugin"]
