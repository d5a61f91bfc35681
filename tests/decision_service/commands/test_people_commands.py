"""People and keys from the command line."""

import stat

import pytest

from tests.decision_service.commands.shell import Shell


def test_an_installation_has_private_keys_and_begins_its_ledger(shell: Shell) -> None:
    keys = shell.data / "keys"
    assert {path.name for path in keys.iterdir()} >= {"kek.json", "lookup.key", "signing.key"}
    for path in keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert shell.on_data("ledger", "show", 0, "--json").json["body"]["type"] == "ledger_opened"


def test_making_an_installation_twice_changes_nothing(shell: Shell) -> None:
    before = shell.on_data("ledger", "checkpoint").out
    assert "stays as it is" in shell.on_data("init").out
    assert shell.on_data("ledger", "checkpoint").out == before


def test_a_person_is_added_with_a_first_password_alone_on_the_last_line(shell: Shell) -> None:
    said = shell.on_data("user", "add", "Asha Rao", "--role", "officer", "--branch", "north")
    password = said.out.splitlines()[-1]
    assert len(password) == 19
    assert password.count("-") == 3
    assert "--limit" in said.out
    (person,) = shell.on_data("user", "list", "--json").json["people"]
    assert (person["name"], person["role"], person["branch"]) == ("Asha Rao", "officer", "north")
    assert person["limit_minor"] == 0
    assert password not in shell.on_data("user", "list").out


def test_a_limit_is_in_the_currency_s_main_unit(house: Shell) -> None:
    house.on_data("user", "add", "a", "--role", "officer", "--limit", "20,000")
    house.on_data("user", "add", "b", "--role", "officer", "--limit", "12.50", "--currency", "eur")
    house.on_data("user", "add", "c", "--role", "officer", "--limit", "500", "--currency", "JPY")
    people = {p["name"]: p for p in house.on_data("user", "list", "--json").json["people"]}
    assert (people["a"]["limit_minor"], people["a"]["currency"]) == (2_000_000, "DEM")
    assert (people["b"]["limit_minor"], people["b"]["currency"]) == (1_250, "EUR")
    assert (people["c"]["limit_minor"], people["c"]["currency"]) == (500, "JPY")
    table = house.on_data("user", "list").out
    assert "DM 20,000" in table
    assert "€ 12.50" in table


def test_a_limit_without_a_currency_is_refused_where_no_champion_names_one(shell: Shell) -> None:
    words = ("user", "add", "asha", "--role", "officer", "--limit", "20000")
    said = shell.refused_on_data(*words, status=2)
    assert "--currency EUR" in said
    assert "promote a bundle" in said
    assert shell.on_data("user", "list", "--json").json == {"people": []}
    shell.on_data(*words, "--currency", "eur")
    (person,) = shell.on_data("user", "list", "--json").json["people"]
    assert (person["limit_minor"], person["currency"]) == (2_000_000, "EUR")


@pytest.mark.parametrize(
    "words",
    [
        ["--limit", "much"],
        ["--limit", "-5"],
        ["--limit", "1.234"],
        ["--limit", "0.5", "--currency", "JPY"],
        ["--currency", "euro"],
    ],
)
def test_an_amount_that_is_none_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    said = shell.refused_on_data("user", "add", "asha", "--role", "officer", *words, status=2)
    assert "write" in said
    assert shell.on_data("user", "list", "--json").json == {"people": []}


def test_a_password_comes_through_standard_input_and_is_not_printed(shell: Shell) -> None:
    said = shell.on_data(
        "user", "add", "asha", "--role", "officer", "--password-stdin", given="a long password\n"
    )
    assert "a long password" not in said.out + said.err
    other = shell.on_data(
        "user",
        "add",
        "bruno",
        "--role",
        "officer",
        "--json",
        "--password-stdin",
        given="a long password",
    )
    assert other.json["password"] is None


@pytest.mark.parametrize(("given", "words"), [("", "first line"), ("short\n", "characters")])
def test_a_password_that_cannot_be_used_adds_nobody(shell: Shell, given: str, words: str) -> None:
    said = shell.on_data(
        "user", "add", "asha", "--role", "officer", "--password-stdin", given=given, ok=False
    )
    assert said.status == 1
    assert words in said.err
    assert shell.on_data("user", "list", "--json").json == {"people": []}


def test_names_are_taken_once(shell: Shell) -> None:
    shell.on_data("user", "add", "asha", "--role", "officer")
    assert "exists already" in shell.refused_on_data("user", "add", "ASHA", "--role", "risk")


def test_locking_unlocking_resetting_leaving(shell: Shell) -> None:
    first = shell.on_data("user", "add", "asha", "--role", "officer", "--json").json["password"]
    for verb, state in (("lock", "locked"), ("unlock", "active")):
        shell.on_data("user", verb, "asha")
        (person,) = shell.on_data("user", "list", "--json").json["people"]
        assert person["state"] == state
    second = shell.on_data("user", "reset", "asha").out.splitlines()[-1]
    assert second != first
    assert "Cases given back to the queue: 0" in shell.on_data("user", "leave", "asha").out
    assert "has left" in shell.refused_on_data("user", "unlock", "asha")
    assert "no person" in shell.refused_on_data("user", "lock", "nobody")
    (person,) = shell.on_data("user", "list", "--json").json["people"]
    assert person["state"] == "left"


def test_a_key_is_printed_once_alone_on_the_last_line(shell: Shell) -> None:
    shell.on_data("user", "add", "core", "--role", "service")
    key = shell.on_data("key", "add", "--user", "core").out.splitlines()[-1]
    assert key.startswith("cmk_")
    answer = shell.on_data("key", "add", "--user", "core", "--json").json
    assert answer["key"].startswith(f"cmk_{answer['public_id']}_")
    assert "no person" in shell.refused_on_data("key", "add", "--user", "nobody")
    held = b"".join(path.read_bytes() for path in shell.data.rglob("*") if path.is_file())
    assert key.rpartition("_")[2].encode() not in held


def test_every_change_is_in_the_ledger_and_the_ledger_is_signed(shell: Shell) -> None:
    shell.on_data("user", "add", "asha", "--role", "officer")
    shell.on_data("user", "lock", "asha")
    entry = shell.on_data("ledger", "show", 2, "--json").json["body"]
    assert (entry["type"], entry["actor"]) == ("role_changed", "host")
    found = shell.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["size"], found["signed_size"]) == ("clean", 3, 3)


def test_an_installation_named_by_the_environment_is_used(shell: Shell) -> None:
    shell.patch.setenv("COUNTERMAND_DATA", str(shell.data))
    shell("user", "add", "asha", "--role", "officer")
    assert len(shell("user", "list", "--json").json["people"]) == 1
