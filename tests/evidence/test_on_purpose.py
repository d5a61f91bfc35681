"""Every fault put into the product on purpose is found by the evidence that should find it."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import pytest

from tests.evidence.lots import Part
from tests.evidence.parts import PARTS
from tests.evidence.results import Found, code
from tests.evidence.sabotage import ROWS_UNSEEN
from tests.evidence.test_parts import SEED
from tests.evidence.working import cores, work

# What SQLite's two weaker settings do: the harness tells one from the other.
SHOWS = {"synchronous=NORMAL": {"lost"}, "synchronous=OFF": {"corrupt"}}

pytestmark = pytest.mark.crash


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
