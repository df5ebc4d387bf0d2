"""Pure room: decides, never does. Manifests and values in, values out.

No socket, no file, no clock and no randomness: `now` and jitter are arguments. What is decided
here is done by federation.apply and written down by federation.operations.
"""
