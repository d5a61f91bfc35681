"""A password is never kept, a wrong one says nothing, and guessing is stopped."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from decision_service import passwords
from decision_service.access import HOST
from decision_service.errors import PasswordRefused, SignInFailed, TooManyAttempts
from decision_service.passwords import MEMORY_KIB, PASSES, Passwords, first_password
from overrides.errors import LedgerUnavailable
from overrides.stores.engine import writing
from overrides.values import Role
from tests.decision_service.people_house import House

PASSWORDS = Passwords()
RIGHT = "a long password"


@pytest.fixture(scope="module", autouse=True)
def real_cost() -> Iterator[None]:
    """Passwords cost here what they cost in the product."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "MEMORY_KIB", MEMORY_KIB)
        patch.setattr(passwords, "PASSES", PASSES)
        yield


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_the_kept_form_is_argon2id_and_differs_each_time() -> None:
    kept = PASSWORDS.keep("asha", RIGHT)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != PASSWORDS.keep("asha", RIGHT)
    assert PASSWORDS.matches(kept, RIGHT)
    assert not PASSWORDS.matches(kept, RIGHT + " ")


def test_a_password_is_the_same_however_the_keyboard_composed_it() -> None:
    assert PASSWORDS.matches(PASSWORDS.keep("asha", "pässword-long"), "pa\u0308ssword-long")


@pytest.mark.parametrize("bad", ["", "short", "Asha-Rao-B", "aaaaaaaaaaaa", "x" * 257])
def test_a_password_that_is_too_easy_or_too_long_is_refused(bad: str) -> None:
    with pytest.raises(PasswordRefused):
        PASSWORDS.keep("asha-rao-b", bad)


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$broken"])
def test_nothing_matches_where_nothing_sound_is_kept(kept: str | None) -> None:
    assert not PASSWORDS.matches(kept, RIGHT)
    assert not PASSWORDS.matches(kept, "nobody has this password")


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    kept = PASSWORDS.keep("asha", RIGHT)

    def seconds(against: str | None) -> float:
        times = []
        for _ in range(9):
            start = time.thread_time()  # what other programs take meanwhile does not count
            PASSWORDS.matches(against, "wrong")
            times.append(time.thread_time() - start)
        return min(times)

    assert 0.5 < seconds(None) / seconds(kept) < 2


def test_a_first_password_can_be_read_aloud_and_is_accepted() -> None:
    made = first_password(bytes)
    assert made == "aaaa-aaaa-aaaa-aaaa"
    assert len(first_password(lambda n: bytes(range(n)))) == 19


def test_the_answer_is_the_same_for_every_reason_of_failure(house: House) -> None:
    house.add("asha")
    house.add("locked")
    house.changes.lock(HOST, "locked")
    house.add("core-banking", role=Role.SERVICE)
    answers = set()
    for name, password in [("asha", "wrong"), ("nobody", RIGHT), ("locked", RIGHT)]:
        with pytest.raises(SignInFailed) as refused:
            house.people.sign_in(name, password, "10.0.0.1")
        answers.add(str(refused.value))
    with pytest.raises(SignInFailed):
        house.people.sign_in("core-banking", RIGHT, "10.0.0.1")
    assert len(answers) == 1


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(house: House) -> None:
    house.add("asha")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            house.people.sign_in("asha", "wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts) as refused:
        house.people.sign_in("asha", RIGHT, "10.0.0.2")
    assert refused.value.seconds == 15 * 60
    house.clock.passes(minutes=14, seconds=59)
    with pytest.raises(TooManyAttempts):
        house.people.sign_in("ASHA", RIGHT, "10.0.0.1")
    house.clock.passes(seconds=1)
    assert house.people.sign_in("asha", RIGHT, "10.0.0.1")


def test_an_unknown_account_is_locked_just_like_a_known_one(house: House) -> None:
    for _ in range(5):
        with pytest.raises(SignInFailed):
            house.people.sign_in("nobody", "wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        house.people.sign_in("nobody", "wrong", "10.0.0.1")


def test_one_address_cannot_try_many_accounts(house: House) -> None:
    house.add("asha")
    for number in range(25):
        with pytest.raises(SignInFailed):
            house.people.sign_in(f"guess-{number}", "wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        house.people.sign_in("asha", RIGHT, "10.0.0.1")
    assert house.people.sign_in("asha", RIGHT, "10.0.0.2")


def test_a_right_password_forgives_the_account_and_not_the_address(house: House) -> None:
    house.add("asha")
    for _ in range(6):
        for _ in range(4):
            with pytest.raises(SignInFailed):
                house.people.sign_in("asha", "wrong", "10.0.0.1")
        house.people.sign_in("asha", RIGHT, "10.0.0.1")
    with pytest.raises(SignInFailed):
        house.people.sign_in("asha", "wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        house.people.sign_in("asha", RIGHT, "10.0.0.1")


def test_many_attempts_at_once_gain_nothing(house: House) -> None:
    house.add("asha")

    def attempt(_: int) -> type[Exception]:
        try:
            house.people.sign_in("asha", "wrong", "10.0.0.1")
        except (SignInFailed, TooManyAttempts) as refused:
            return type(refused)
        return AssertionError

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count(SignInFailed) == 5
    assert outcomes.count(TooManyAttempts) == 15


def test_a_log_in_that_cannot_be_counted_is_refused_in_words(tmp_path: Path) -> None:
    house = House(tmp_path, busy_seconds=0.05)
    house.add("asha")
    with writing(house.engine), pytest.raises(LedgerUnavailable):
        house.people.sign_in("asha", RIGHT, "10.0.0.1")
    assert house.people.sign_in("asha", RIGHT, "10.0.0.1")
    house.close()


def test_unlocking_forgives_the_attempts(house: House) -> None:
    house.add("asha")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            house.people.sign_in("asha", "wrong", "10.0.0.1")
    house.changes.unlock(HOST, "asha")
    assert house.people.sign_in("asha", RIGHT, "10.0.0.1")


def test_no_name_that_was_tried_is_kept_readable(house: House, tmp_path: Path) -> None:
    with pytest.raises(SignInFailed):
        house.people.sign_in("my-password-by-mistake", "wrong", "10.20.30.40")
    house.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"my-password-by-mistake" not in held
    assert b"10.20.30.40" not in held
