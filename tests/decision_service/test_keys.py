"""A key is shown once, kept as a hash, and stands for its person."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.errors import Unauthenticated
from decision_service.keys import make_key, opens, presented
from overrides.values import Role
from tests.decision_service.people_house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_a_key_has_a_public_id_and_a_secret() -> None:
    made = make_key(lambda n: bytes(range(n)))
    assert made.text == f"cmk_{made.public_id}_{bytes(range(32)).hex()}"
    assert made.kept not in made.text
    assert presented(f"Bearer {made.text}") == (made.public_id, bytes(range(32)).hex())


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "cmk_0011223344556677_" + "0" * 64,
        "Bearer cmk_0011223344556677_" + "0" * 63,
        "Bearer cmk_0011223344556677_" + "0" * 65,
        "Bearer cmk_00112233445566zz_" + "0" * 64,
        "Bearer cmk_0011223344556677_" + "\u0660" * 64,
    ],
)
def test_what_is_no_key_is_no_key(header: str | None) -> None:
    assert presented(header) is None


def test_only_the_secret_itself_opens() -> None:
    made = make_key(lambda n: bytes(range(n)))
    secret = bytes(range(32)).hex()
    assert opens(made.kept, secret)
    assert not opens(made.kept, secret[:-1] + "0")
    assert not opens(made.kept, made.kept)


def test_a_key_stands_for_its_person(house: House) -> None:
    ref = house.add("core-banking", Role.SERVICE)
    _, key = house.changes.add_key(HOST, "core-banking")
    _, other = house.changes.add_key(HOST, "core-banking")
    first = house.people.authenticate(f"Bearer {key.text}")
    assert (first.ref, first.role, first.name) == (ref, Role.SERVICE, "core-banking")
    assert house.people.authenticate(f"bearer  {other.text}") == first


def test_the_same_person_by_key_and_by_session(house: House) -> None:
    house.add("asha")
    _, key = house.changes.add_key(HOST, "asha")
    token = house.people.sign_in("asha", "a long password", "10.0.0.1")
    found = house.people.signed_in(token)
    assert found is not None
    assert found[0].actor == house.people.authenticate(f"Bearer {key.text}")


def test_another_secret_or_no_key_at_all_is_nobody(house: House) -> None:
    house.add("asha")
    _, key = house.changes.add_key(HOST, "asha")
    wrong = key.text[:-1] + ("0" if key.text[-1] != "0" else "1")
    for header in (f"Bearer {wrong}", "Bearer cmk_ffffffffffffffff_" + "0" * 64, None):
        with pytest.raises(Unauthenticated):
            house.people.authenticate(header)


def test_a_locked_person_s_key_opens_nothing_until_unlocked(house: House) -> None:
    house.add("asha")
    _, key = house.changes.add_key(HOST, "asha")
    house.changes.lock(HOST, "asha")
    with pytest.raises(Unauthenticated):
        house.people.authenticate(f"Bearer {key.text}")
    house.changes.unlock(HOST, "asha")
    assert house.people.authenticate(f"Bearer {key.text}").name == "asha"


def test_a_leaver_s_keys_are_revoked_in_the_ledger_too(house: House) -> None:
    house.add("asha")
    _, key = house.changes.add_key(HOST, "asha")
    house.changes.leave(HOST, "asha")
    with pytest.raises(Unauthenticated):
        house.people.authenticate(f"Bearer {key.text}")
    assert house.store.by_key(key.public_id) is None
    kinds = house.kinds()
    assert kinds[-2:] == ["person_left", "key_revoked"]


def test_the_database_holds_no_secret(house: House, tmp_path: Path) -> None:
    house.add("asha")
    _, key = house.changes.add_key(HOST, "asha")
    house.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.public_id.encode() in held
    assert key.text.rpartition("_")[2].encode() not in held
