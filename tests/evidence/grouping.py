"""Bringing chosen requests into one group of the writer."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from overrides.journal import Decided, Journal, Receipt, State
from tests.evidence.tasks import Task


def submit_grouped(
    journal: Journal, tasks: Sequence[Task], done: Callable[[Receipt], None]
) -> list[Future[Receipt]]:
    """Submit tasks so that the writer takes them together; ``done`` is told each that succeeds.

    A command that waits holds the writer until all the others are in its queue.
    """
    holds, go_on = threading.Event(), threading.Event()

    def hold(_state: State) -> Decided:
        holds.set()
        go_on.wait(60)
        return Decided(())

    def tell(future: Future[Receipt]) -> None:
        if not future.cancelled() and future.exception() is None:
            done(future.result())

    holder = journal.submit(hold)
    holder.add_done_callback(lambda _: holds.set())  # where it could not even begin
    holds.wait(60)
    futures = []
    for task in tasks:
        future = journal.submit(task.command, once=task.once)
        future.add_done_callback(tell)
        futures.append(future)
    go_on.set()
    return futures
