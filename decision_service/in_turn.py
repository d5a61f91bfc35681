"""Doing several things of which none may keep another from being done."""

import logging
from collections.abc import Callable, Iterable

LOGGER = logging.getLogger(__name__)


def each_in_turn(chores: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Do each, whatever becomes of the others.

    Each chore comes with the words for its failure. What failed first is raised when all were
    tried, and what failed besides is logged, so that none is hidden behind the first.
    """
    first: Exception | None = None
    for words, chore in chores:
        try:
            chore()
        except Exception as failed:
            if first is None:
                first = failed
            else:
                LOGGER.exception(words)
    if first is not None:
        raise first
