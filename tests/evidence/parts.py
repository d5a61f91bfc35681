"""Every part of the evidence, by name, in the order in which they are gathered.

A part is imported when it is asked for: a process that works off one need not wait for all others,
some of which bring the whole service.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from tests.evidence.lots import Part

NAMES = (
    "power_loss",
    "kills",
    "faults",
    "postgres_crashes",
    "simulation",
    "groups",
    "groups_postgres",
    "appends",
    "appends_postgres",
    "clocks",
    "mutants",
    "erasures",
    "retries",
    "reviewers",
    "server_kills",
)
_ON_POSTGRES = {"groups_postgres": "groups", "appends_postgres": "appends"}


@cache
def _part(name: str) -> Part:
    """A part by its name; what is done on both databases is two parts of one module."""
    module = import_module(f"{__package__}.{_ON_POSTGRES.get(name, name)}")
    part: Part = module.POSTGRES if name in _ON_POSTGRES else module.PART
    assert part.name == name
    return part


class _Parts(Mapping[str, Part]):
    """The parts by name."""

    def __getitem__(self, name: str) -> Part:
        """One part."""
        if name not in NAMES:
            raise KeyError(name)
        return _part(name)

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(NAMES)

    def __len__(self) -> int:
        """How many there are."""
        return len(NAMES)


PARTS: Mapping[str, Part] = _Parts()
