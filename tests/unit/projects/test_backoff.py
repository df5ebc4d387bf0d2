"""How long a failure waits for its next try."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects import backoff


def seconds(failures: int, **more: Any) -> float:
    return backoff.delay(failures, **more).total_seconds()


@pytest.mark.parametrize(
    ("failures", "wanted"), [(1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (60, 900)]
)
def test_the_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour(
    failures: int, wanted: float
) -> None:
    assert seconds(failures, jitter=0) == wanted


def test_jitter_takes_away_up_to_half() -> None:
    assert seconds(2, jitter=1) == 30
    assert seconds(2, jitter=0.5) == 45


def test_retry_after_is_honoured_up_to_the_cap() -> None:
    assert seconds(1, jitter=0, retry_after=200) == 200
    assert seconds(1, jitter=0, retry_after=86_400) == 900
    assert seconds(4, jitter=0, retry_after=1) == 240


def test_a_slow_fault_starts_at_the_longest_wait() -> None:
    assert seconds(1, jitter=0, slow=True) == 900


@given(
    failures=st.integers(min_value=0, max_value=10**9),
    jitter=st.floats(min_value=0, max_value=1),
    retry_after=st.none() | st.floats(min_value=0, max_value=1e9),
    slow=st.booleans(),
)
def test_the_wait_is_always_between_fifteen_seconds_and_fifteen_minutes(
    failures: int, jitter: float, retry_after: float | None, slow: bool
) -> None:
    wait = seconds(failures, jitter=jitter, retry_after=retry_after, slow=slow)

    assert 15 <= wait <= 900
