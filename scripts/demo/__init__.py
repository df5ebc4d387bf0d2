"""Slipway on one machine, with everything it needs: what `make demo` runs.

In: .venv, git, and clusters: the reader's own (KUBECONFIG) or real ones built by tests/realcluster.
Out: a hub, a Git server with a sample shop, two sources on their way to every cluster, and a page
that says where everything is. It ends with Ctrl-C and leaves nothing running. With --once it is its
own judge: the real kubectl says whether each cluster holds what Git says.

The product knows nothing of this room: all that is done to the hub goes through its commands and
its REST API.
"""

from __future__ import annotations


class DemoFailed(Exception):
    """The demo cannot go on; the message says why and, where possible, what to do."""
