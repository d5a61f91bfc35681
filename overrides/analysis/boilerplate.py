"""Notes that repeat each other, found by keyed fingerprints of their words in a row.

No note is compared in the open: each run of ``SHINGLE_WORDS`` words becomes a keyed hash, and two
notes are alike by the share of hashes that they have in common. What is kept is a count.
"""

import re
from collections.abc import Callable, Iterable

from overrides.statistics import Share

SHINGLE_WORDS = 3
ALIKE = 0.9
LOOKED_BACK = 50
"""Notes of the same person that a note is held against, the latest before it."""

_WORD = re.compile(r"\w+")

Keyed = Callable[[str, str], str]  # purpose and text: a keyed hash
Print = frozenset[str]


def fingerprint(note: str, keyed: Keyed) -> Print:
    """Keyed hashes of a note's runs of words; of all its words where it has too few."""
    words = _WORD.findall(note.casefold())
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    runs = {" ".join(words[k : k + SHINGLE_WORDS]) for k in range(last)} if words else set()
    return frozenset(keyed("note", run) for run in runs)


def alike(one: Print, other: Print) -> bool:
    """Whether two notes share ``ALIKE`` of all their runs of words (Jaccard's index)."""
    every = len(one | other)
    return every > 0 and len(one & other) / every >= ALIKE


def repeated(notes: Iterable[tuple[str, Print]]) -> Share:
    """How many notes repeat an earlier one of the same person, of (person, print) in order."""
    before: dict[str, list[Print]] = {}
    count = of = 0
    for person, found in notes:
        mine = before.setdefault(person, [])
        of += 1
        count += any(alike(found, earlier) for earlier in mine[-LOOKED_BACK:])
        mine.append(found)
    return Share(count, of)
