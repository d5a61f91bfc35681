"""Results of other threads reach the loop that waits for them, each once, however they come."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from decision_service.mailbox import settled

PATIENCE_S = 3.0  # a result that does not come is a failure and no endless wait

Result = TypeVar("Result")


def run(waiting: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on a loop of its own, or fail soon."""

    async def patiently() -> Result:
        return await asyncio.wait_for(waiting, PATIENCE_S)

    return asyncio.run(patiently())


def test_many_results_from_many_threads_all_arrive() -> None:
    async def gather() -> list[int]:
        futures: list[Future[int]] = [Future() for _ in range(500)]
        with ThreadPoolExecutor(4) as threads:
            waiting = [asyncio.ensure_future(settled(future)) for future in futures]
            await asyncio.sleep(0)
            for place, future in enumerate(futures):
                threads.submit(future.set_result, place)
            return await asyncio.gather(*waiting)

    assert run(gather()) == list(range(500))


def test_a_failure_arrives_as_what_it_was() -> None:
    async def wait() -> None:
        future: Future[int] = Future()
        future.set_exception(OSError("the disk is full"))
        await settled(future)

    with pytest.raises(OSError, match="the disk is full"):
        run(wait())


def test_somebody_who_stops_waiting_spoils_no_other_result() -> None:
    async def wait() -> int:
        given_up: Future[int] = Future()
        kept: Future[int] = Future()
        first = asyncio.ensure_future(settled(given_up))
        second = asyncio.ensure_future(settled(kept))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        given_up.set_result(1)
        kept.set_result(2)
        assert not given_up.cancelled()
        return await second

    assert run(wait()) == 2


def test_each_loop_has_its_own_mailbox() -> None:
    async def wait(value: int) -> int:
        future: Future[int] = Future()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(future.set_result, value)
            return await settled(future)

    assert [run(wait(value)) for value in range(3)] == [0, 1, 2]
