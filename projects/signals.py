"""The one upward word: something changed and may want work.

`changed` is sent after commit by the ledger with kind (str) and id (the row's primary key, int),
and nothing else: receivers only enqueue, and the task reads the row. A lost signal loses no work,
because the tick looks at the rows.
"""

from __future__ import annotations

from django.dispatch import Signal

changed = Signal()
