"""The REST door of projects, and what the REST doors of all packages are made of."""
