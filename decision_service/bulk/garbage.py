"""Garbage that refers to itself is looked for between blocks, and not in the middle of them.

What a block is made of lives until it is written, so looking through it again and again finds
nothing and takes a tenth of the time.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BLOCKS = 32  # between two looks


@contextmanager
def looked_for_between_blocks() -> Iterator[Callable[[], None]]:
    """Gives what is to be called after each block; afterwards everything is as before."""
    done = 0

    def block_done() -> None:
        nonlocal done
        done += 1
        if done % BLOCKS == 0:
            gc.collect()

    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()  # models and modules stay
    try:
        yield block_done
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()
