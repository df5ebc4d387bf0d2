"""The REST door of federation."""
