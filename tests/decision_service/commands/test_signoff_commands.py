"""On the command line a version is champion once it was validated and signed, or excepted."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.decision_service.commands.shell import Shell

NAME = "german-credit"
OWNERS = ("model_owner", "risk", "compliance", "operations")


@pytest.fixture
def keys(shell: Shell, bundle: Path) -> dict[str, str]:
    """Keys of a validator and the four owners, on an installation with one bundle."""
    shell.on_data("bundle", "add", bundle)
    made = {}
    for name, role in (("vera", "risk"), *((owner, owner) for owner in OWNERS)):
        shell.on_data("user", "add", name, "--role", role, "--currency", "EUR")
        made[name] = shell.on_data("key", "add", "--user", name, "--json").json["key"]
    return made


def record(shell: Shell, folder: Path, expires: str = "") -> Path:
    """A validation record of the bundle that is there."""
    (line,) = shell.on_data("bundle", "list", "--json").json["bundles"]
    year = int(line["registered_at"][:4]) + 1
    file = folder / "record.yaml"
    file.write_text(
        f"sha256: {line['sha256']}\nscope: All of it.\nexposure: small\n"
        "developers: [model_owner]\ntests:\n- {name: a, result: b, passed: yes}\n"
        f"expires: {expires or f'{year}-01-31'}\n",
        encoding="utf-8",
    )
    return file


def test_a_bundle_is_champion_after_five_people_and_not_before(
    shell: Shell, keys: dict[str, str], tmp_path: Path
) -> None:
    by = {name: f"{key}\n" for name, key in keys.items()}
    assert "no validation record" in shell.refused_on_data("bundle", "promote", NAME)
    assert shell.on_data("bundle", "signoffs", NAME, ok=False).status == 1
    file = record(shell, tmp_path)
    said = shell.on_data("bundle", "validate", NAME, file, "--key-stdin", given=by["vera"])
    assert "model owner has not signed" in said.out
    sign = ("bundle", "signoff", NAME, "--key-stdin", "--as")
    refused = shell.on_data(*sign, "compliance", given=by["risk"], ok=False)
    assert refused.status == 1
    for owner in OWNERS:
        assert shell.on_data("bundle", "promote", NAME, ok=False).status == 1
        said = shell.on_data(*sign, owner, given=by[owner])
    assert "it may be champion" in said.out
    shell.on_data("bundle", "promote", NAME)
    told = shell.on_data("bundle", "signoffs", NAME, "--json").json
    assert (told["may_be_champion"], told["lacking"]) == (True, [])
    assert [act["by"] for act in told["acts"]][1:-1] == ["vera", *OWNERS]


def test_an_exception_needs_three_of_the_owners(shell: Shell, keys: dict[str, str]) -> None:
    by = {name: f"{key}\n" for name, key in keys.items()}
    (line,) = shell.on_data("bundle", "list", "--json").json["bundles"]
    day_after = date.fromisoformat(line["registered_at"][:10]) + timedelta(days=1)
    until = f"{day_after}T23:59:00Z"
    asking = ("bundle", "exception", NAME, "--until", until, "--hours", "1", "--key-stdin")
    shell.on_data(*asking, "--note", "today and tomorrow", given=by["model_owner"])
    vote = ("bundle", "vote", NAME, "--for", "--key-stdin")
    said = [shell.on_data(*vote, given=by[owner]).out for owner in OWNERS[1:]]
    assert ["It is granted." in words for words in said] == [False, False, True]
    assert "By exception" in shell.on_data("bundle", "signoffs", NAME).out
    shell.on_data("bundle", "promote", NAME)


def test_a_record_that_cannot_be_read_is_told(
    shell: Shell, keys: dict[str, str], tmp_path: Path
) -> None:
    assert keys
    none = tmp_path / "none.yaml"
    said = shell.on_data("bundle", "validate", NAME, none, "--key-stdin", given="x\n", ok=False)
    assert "cannot be read" in said.err
    file = record(shell, tmp_path, "soon")
    given = f"{keys['vera']}\n"
    said = shell.on_data("bundle", "validate", NAME, file, "--key-stdin", given=given, ok=False)
    assert "expires" in said.err
