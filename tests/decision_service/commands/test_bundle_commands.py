"""Models from the command line: proven, registered, changed, and read about."""

import shutil
from pathlib import Path

import pytest

from explain.declared.bundle_files import seal
from tests.decision_service.commands.shell import Shell
from tests.decision_service.letting_out import promote_in
from tests.sample_models.trained import sample_bundles


@pytest.fixture
def damaged(bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle with one byte of its model changed."""
    copy = tmp_path / "damaged"
    shutil.copytree(bundle, copy)
    model = next(copy.glob("model.*[!ml]"))
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(bytes(data))
    return copy


def test_a_sound_bundle_keeps_every_promise(empty: Shell, bundle: Path) -> None:
    assert "Every promise is kept." in empty("bundle", "check", bundle).out
    found = empty("bundle", "check", bundle, "--json").json
    assert found["ok"]
    assert all(finding["ok"] for finding in found["findings"])


def test_a_bundle_with_a_changed_byte_is_broken(empty: Shell, damaged: Path) -> None:
    said = empty("bundle", "check", damaged, ok=False)
    assert said.status == 1
    assert "BROKEN" in said.out
    said = empty("bundle", "check", damaged, "--json", ok=False)
    assert said.status == 1
    assert not said.json["ok"]


def test_what_is_no_bundle_is_told_so(empty: Shell, tmp_path: Path) -> None:
    said = empty("bundle", "check", tmp_path / "none", ok=False)
    assert said.status == 1
    assert "Traceback" not in said.err
    assert empty.refused("bundle", "example", tmp_path / "none")


def test_reasons_are_measured_for_the_card(empty: Shell, bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / bundle.name
    shutil.copytree(bundle, folder)
    (folder / "measured.yaml").unlink(missing_ok=True)
    seal(folder, bundle.name)
    said = empty("bundle", "measure", folder)
    assert "over" in said.out
    assert "fidelity_gap" in (folder / "measured.yaml").read_text(encoding="utf-8")
    assert empty("bundle", "check", folder).status == 0


def test_the_example_is_one_valid_application_always_the_same(empty: Shell, bundle: Path) -> None:
    first = empty("bundle", "example", bundle)
    assert set(first.json) == {"fields"}
    assert first.json["fields"]["duration_months"]
    assert empty("bundle", "example", bundle).out == first.out


def test_the_example_is_one_line_that_decide_takes_as_it_is(
    empty: Shell, bundle: Path, tmp_path: Path
) -> None:
    said = empty("bundle", "example", bundle)
    assert said.out.count("\n") == 1
    file = tmp_path / "example.jsonl"
    file.write_text(said.out, encoding="utf-8")
    (decided,) = empty("decide", bundle, file).lines
    assert decided["line"] == 1
    assert decided["score"] is not None


def test_a_bundle_is_registered_promoted_stopped_and_started(
    shell: Shell, bundle: Path, damaged: Path
) -> None:
    assert shell.on_data("bundle", "list", "--json").json == {"bundles": []}
    assert "promote german-credit" in shell.on_data("bundle", "add", bundle).out
    assert shell.refused_on_data("bundle", "add", damaged)
    assert "registered" in shell.refused_on_data("bundle", "add", bundle)
    assert status(shell) == ["registered"]
    assert "it has no validation record" in shell.refused_on_data("bundle", "promote", bundle.name)
    promote_in(shell.data, bundle.name)
    assert status(shell) == ["champion"]
    assert shell.refused_on_data("bundle", "promote", "german-credit")
    shell.on_data("bundle", "suspend", "german-credit")
    assert status(shell) == ["suspended"]
    assert shell.refused_on_data("bundle", "suspend", "german-credit")
    shell.on_data("bundle", "resume", "german-credit")
    assert status(shell) == ["champion"]
    assert shell.refused_on_data("bundle", "resume", "german-credit")
    assert shell.refused_on_data("bundle", "rollback", "german-credit")
    assert "No bundle named nobody" in shell.refused_on_data("bundle", "promote", "nobody")


def test_a_champion_is_replaced_and_put_back_in_one_act(house: Shell) -> None:
    house.on_data("bundle", "add", sample_bundles() / "german-scorecard")
    promote_in(house.data, "german-scorecard")
    assert names(house) == ["german-scorecard", "german-credit"]
    said = house.on_data("bundle", "rollback", "german-scorecard").out
    assert said == "german-credit is the champion again.\n"
    assert names(house) == ["german-credit", "german-scorecard"]
    assert "german-credit" in house.on_data("bundle", "list").out.splitlines()[1]


def test_the_card_is_the_bundle_s_own(house: Shell) -> None:
    card = house.on_data("bundle", "card", "german-credit").out
    assert card.startswith("# ")
    assert "## What it is given" in card
    assert "No bundle named" in house.refused_on_data("bundle", "card", "nobody")


def test_a_registered_folder_that_was_changed_has_no_card(house: Shell) -> None:
    (policy,) = (house.data / "bundles").rglob("policy.yaml")
    policy.write_text(policy.read_text() + "\n# changed\n")
    assert house.refused_on_data("bundle", "card", "german-credit")
    broken = house.on_data("selftest", ok=False)
    assert broken.status == 1
    assert "BROKEN  model german-credit" in broken.out


def status(shell: Shell) -> list[str]:
    """Status of each registered bundle."""
    return [
        bundle["status"] for bundle in shell.on_data("bundle", "list", "--json").json["bundles"]
    ]


def names(shell: Shell) -> list[str]:
    """Names of the registered bundles."""
    return [bundle["name"] for bundle in shell.on_data("bundle", "list", "--json").json["bundles"]]
