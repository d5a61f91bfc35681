"""The evidence in small: nothing is found wrong."""

import os

import pytest

from tests.evidence.lots import Part
from tests.evidence.parts import PARTS
from tests.evidence.results import Found, code
from tests.evidence.working import cores, work

SEED = int(os.environ.get("EVIDENCE_SEED", "20261122"))

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.name)
def test_nothing_is_found_wrong(part: Part) -> None:
    if missing := part.missing():
        pytest.skip(missing)  # no compiler or no PostgreSQL wheel here, as the words say
    found = work(part, Found(part.name, SEED, code()), part.small, jobs=cores())
    assert not found.failed, "\n".join(found.failures)
    assert found.units >= part.small
