"""A process that has imported what the tests' own processes need, and makes them quickly."""

from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext

PRELOADED = ("tests.crash.writing", "tests.evidence.preloading")
"""There is one such process for whoever needs it first, so it imports what any of them needs."""


@cache
def nursery() -> ForkServerContext:
    """Where processes are made: each is forked off one that has nothing open and no threads."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context
