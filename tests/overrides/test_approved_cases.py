"""Approved cases are read back latest first, each with what the books said of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.overrides.case_house import House, house_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url")
    with house_at(url) as made:
        yield made


def test_only_what_was_approved_by_then_is_read_the_latest_first(house: House) -> None:
    first, second = house.apply_for("approve"), house.apply_for("approve")
    declined, waiting = house.apply_for("decline"), house.apply_for("approve")
    house.review(first, "approve")
    between = house.now + timedelta(seconds=1)
    house.review(second, "approve")
    house.review(declined, "decline")
    house.observe(first, "95")
    house.observe(first, "", "cured", at=house.now)
    later = house.now + timedelta(days=1)
    bundle = house.book.case(first).case.bundle  # type: ignore[union-attr]
    found = house.book.approved(bundle, later)
    assert [row.case_ref for row, _ in found] == [second, first]
    assert [[one.value for one in seen] for _, seen in found] == [[], ["95", ""]]
    assert [row.case_ref for row, _ in house.book.approved(bundle, between)] == [first]
    assert [row.case_ref for row, _ in house.book.approved(bundle, later, limit=1)] == [second]
    assert house.book.approved("another-bundle", later) == ()
    assert waiting not in {row.case_ref for row, _ in found}
