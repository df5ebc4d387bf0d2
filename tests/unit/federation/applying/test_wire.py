"""Many calls at once: bounded, patient, and stopped in time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from federation.applying.wire import IN_FLIGHT, Wire
from federation.member.errors import (
    ClusterError,
    ClusterUnreachable,
    DeadlineExceeded,
    Forbidden,
    Throttled,
    Unauthorized,
)
from projects.errors import Conflict, DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
        yield pool


@pytest.fixture
def wire(pool: ThreadPoolExecutor) -> Wire:
    return make_wire(pool, seconds=60)


def make_wire(pool: ThreadPoolExecutor, *, seconds: float) -> Wire:
    client: Any = object()
    return Wire(client=client, platform=None, pool=pool, deadline=time.monotonic() + seconds)


def quiet() -> None:
    """Let every item begin."""


def failing(error: DomainError, *, times: int) -> Callable[[], str]:
    left = [error] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


@pytest.mark.parametrize("error", [ClusterUnreachable("x"), ClusterError("x"), Throttled("x")])
def test_a_passing_fault_is_tried_four_times(wire: Wire, error: DomainError) -> None:
    assert wire.again(failing(error, times=3)) == "answer"
    with pytest.raises(type(error)):
        wire.again(failing(error, times=4))


@pytest.mark.parametrize("error", [Unauthorized("x"), Forbidden("x"), DeadlineExceeded("x")])
def test_a_fault_that_does_not_pass_is_tried_once(wire: Wire, error: DomainError) -> None:
    with pytest.raises(type(error)):
        wire.again(failing(error, times=1))


def test_no_retry_waits_beyond_the_deadline(pool: ThreadPoolExecutor) -> None:
    wire = make_wire(pool, seconds=0.5)
    began = time.monotonic()

    with pytest.raises(Throttled):
        wire.again(failing(Throttled("x", retry_after=5), times=1))

    assert time.monotonic() - began < 0.5


def test_a_run_makes_a_bounded_number_of_calls_again(pool: ThreadPoolExecutor) -> None:
    wire = make_wire(pool, seconds=60)
    calls: list[None] = []

    def call() -> None:
        calls.append(None)
        raise ClusterError("x")

    while wire.retries.take():
        pass
    for _ in range(5):
        with pytest.raises(ClusterError):
            wire.again(call)

    assert len(calls) == 5


def test_every_item_is_answered_by_its_result_or_its_error(wire: Wire) -> None:
    def work(number: int) -> int:
        if number % 3 == 0:
            raise Forbidden(str(number))
        return number * 10

    answers = dict(wire.in_flight(range(30), work, before=quiet))

    assert answers.keys() == set(range(30))
    assert all(isinstance(answers[number], Forbidden) for number in range(0, 30, 3))
    assert answers[7] == 70


def test_no_more_than_the_limit_is_under_way(wire: Wire) -> None:
    lock, busy, most = threading.Lock(), [0], [0]

    def work(_number: int) -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        with lock:
            busy[0] -= 1

    list(wire.in_flight(range(40), work, before=quiet))

    assert 1 < most[0] <= IN_FLIGHT


def test_leave_is_asked_in_the_calling_thread_right_before_each_item(wire: Wire) -> None:
    asked: list[int] = []
    begun: list[int] = []

    def before() -> None:
        asked.append(threading.get_ident())
        assert len(asked) - len(begun) <= IN_FLIGHT

    list(wire.in_flight(range(25), begun.append, before=before))

    assert len(asked) == 25
    assert set(asked) == {threading.get_ident()}


def test_the_answers_before_a_refusal_are_all_handed_out(wire: Wire) -> None:
    left = iter(range(5))
    answered: list[int] = []

    def before() -> None:
        if next(left, None) is None:
            raise Conflict("stop")

    def take() -> None:
        for item, _answer in wire.in_flight(range(20), abs, before=before):
            answered.append(item)

    with pytest.raises(Conflict):
        take()

    assert sorted(answered) == [0, 1, 2, 3, 4]


def test_nothing_is_begun_after_the_deadline(pool: ThreadPoolExecutor) -> None:
    wire = make_wire(pool, seconds=-1)
    begun: list[int] = []

    with pytest.raises(DeadlineExceeded):
        list(wire.in_flight(range(3), begun.append, before=quiet))

    assert begun == []


def test_a_bug_in_the_work_is_not_taken_for_an_answer(wire: Wire) -> None:
    with pytest.raises(ZeroDivisionError):
        list(wire.in_flight([0], lambda number: 1 / number, before=quiet))
