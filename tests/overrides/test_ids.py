import uuid
from datetime import UTC, datetime, timedelta

import pytest

from overrides.ids import id_maker, new_id

AT = datetime(2026, 11, 22, 1, 2, 3, 123456, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_seven_with_its_time_in_front() -> None:
    made = uuid.UUID(new_id(AT, bytes(range(10))))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(AT.timestamp() * 1000)
    assert str(made) == new_id(AT, bytes(range(10)))


def test_later_ids_sort_later_and_chance_tells_equal_times_apart() -> None:
    chance = iter(bytes([n]) * 10 for n in range(9, 0, -1))
    make = id_maker(lambda: AT, lambda _size: next(chance))
    assert len({make() for _ in range(9)}) == 9
    times = [AT + timedelta(milliseconds=n) for n in (0, 1, 1000, 10**9)]
    made = [new_id(at, b"\xff" * 10) for at in times]
    assert made == sorted(made)


def test_chance_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id(AT, b"few")
