"""The evidence in small: nothing is found wrong, and every fault put in on purpose is found."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import pytest

from tests.evidence.lots import Part
from tests.evidence.parts import PARTS
from tests.evidence.results import Found, code
from tests.evidence.sabotage import ROWS_UNSEEN
from tests.evidence.working import cores, work

SEED = int(os.environ.get("EVIDENCE_SEED", "20261122"))

# What SQLite's two weaker settings do: the harness tells one from the other.
SHOWS = {"synchronous=NORMAL": {"lost"}, "synchronous=OFF": {"corrupt"}}

pytestmark = pytest.mark.crash


def found_by(part: Part, units: int, *, jobs: int, sabotage: str = "") -> Found:
    if missing := part.missing():
        pytest.skip(missing)
    return work(part, Found(part.name, SEED, code()), units, jobs=jobs, sabotage=sabotage)


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.name)
def test_nothing_is_found_wrong(part: Part) -> None:
    found = found_by(part, part.small, jobs=cores())
    assert not found.failed, "\n".join(found.failures)
    assert found.units >= part.small


@cache
def sabotaged() -> dict[tuple[str, str], Future[Found]]:
    """Every fault put in on purpose, looked for by as many processes as there are cores."""
    workers = ThreadPoolExecutor(cores())
    return {
        (part.name, sabotage): workers.submit(
            work, part, Found(part.name, SEED, code()), part.red, jobs=1, sabotage=sabotage
        )
        for part in PARTS.values()
        for sabotage in part.sabotages
        if not part.missing()
    }


@pytest.mark.parametrize(
    ("part", "sabotage"),
    [(part, sabotage) for part in PARTS.values() for sabotage in part.sabotages],
    ids=lambda value: value.name if isinstance(value, Part) else value.replace(" ", "-"),
)
def test_a_fault_put_in_on_purpose_is_found(part: Part, sabotage: str) -> None:
    if missing := part.missing():
        pytest.skip(missing)
    found = sabotaged()[part.name, sabotage].result()
    assert found.failed, f"{found.units} {part.unit} show nothing: {found.counts}"
    assert SHOWS.get(sabotage, set()) <= found.counts.keys()
    told = any(not words.startswith("broken") for words in found.failures)
    assert told or sabotage == ROWS_UNSEEN, found.failures  # that one may end in an exception
