"""Erasures and holds from the command line; and what a backup of before brings back."""

import json
import shutil
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from decision_service import wiring
from decision_service.settings import Settings
from overrides.canonical import canonical
from overrides.errors import SlotErased
from tests.decision_service.commands.shell import Said, Shell
from tests.decision_service.erasure_house import erasure_house

DATABASE = "countermand.sqlite3"


@dataclass
class Office:
    """A shell on an installation with closed cases, and the keys of two people."""

    shell: Shell
    cases: dict[str, dict[str, Any]]
    keys: dict[str, str]

    def by(self, name: str, *words: object, ok: bool = True) -> Said:
        """A command that somebody gives with their key."""
        given = self.keys[name] + "\n"
        return self.shell.on_data(*words, "--key-stdin", given=given, ok=ok)

    def erase(self, *words: object) -> dict[str, Any]:
        """Ask and approve; the request as JSON."""
        asked = self.by("carla", "erase", "request", *words, "--json").json
        name, root = asked["request"], asked["root"]
        done: dict[str, Any] = self.by(
            "dora", "erase", "approve", name, "--root", root, "--json"
        ).json
        return done

    def readable(self, party: str) -> bool:
        """Whether the application of a party's case can be read."""
        services = wiring.build(Settings(data=self.shell.data), serving=False)
        try:
            event = self.cases[party]["decision_id"]
            return not isinstance(services.ledger.open_slots(event)["inputs"], SlotErased)
        finally:
            services.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """An installation with three closed cases."""
    data = tmp_path_factory.mktemp("made") / "data"
    with erasure_house(data) as house:
        cases = {party: house.closed(party) for party in ("P-anna", "P-ben", "P-cleo")}
    return data, cases


@pytest.fixture
def office(empty: Shell, made: tuple[Path, dict[str, dict[str, Any]]]) -> Office:
    """A copy of that installation."""
    shutil.copytree(made[0], empty.data)
    names = ("carla", "dora", "rita", "asha")
    keys = {
        name: empty.on_data("key", "add", "--user", name).out.splitlines()[-1] for name in names
    }
    return Office(empty, made[1], keys)


def verdict(office: Office) -> str:
    found: str = office.shell.on_data("ledger", "verify", "--json", ok=False).json["verdict"]
    return found


def only_cut(office: Office) -> bool:
    """Whether all that is found is that entries are gone, as the signer remembers them."""
    found = office.shell.on_data("ledger", "verify", "--json", ok=False).json["findings"]
    return [finding["text"].partition(" has ")[0] for finding in found] == [
        "what the signer here remembers"
    ]


def test_two_people_erase_and_the_certificate_says_what_the_ledger_shows(office: Office) -> None:
    words = ("erase", "request", "--party", "P-anna", "--ground", "person_asked")
    asked = office.by("carla", *words, "--note", "letter 17")
    assert "Waits for a second person" in asked.out
    (request,) = office.shell.on_data("erase", "list", "--json").json["requests"]
    name, root = request["request"], request["root"]
    shown = office.shell.on_data("erase", "show", name)
    assert root in shown.out
    listed = office.shell.on_data("erase", "show", name, "--json").json["listed"]
    assert len(listed) == request["parts"] == shown.out.count("           entry ")
    assert f"entry {listed[0][0]}, " in shown.out
    refused = office.by("carla", "erase", "approve", name, "--root", root, ok=False)
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "another person must" in refused.err
    assert "no certificate" in office.shell.refused_on_data("erase", "certificate", name)
    done = office.by("rita", "erase", "approve", name, "--root", root)
    assert "copies made before open no more" in done.out
    assert not office.readable("P-anna")
    assert office.readable("P-ben")
    assert verdict(office) == "clean"
    paper = office.shell.on_data("erase", "certificate", name).out
    for said in ("carla", "rita", "The person asked for it", root, "and is destroyed", "covers it"):
        assert said in paper
    assert "P-anna" not in paper
    told = office.shell.on_data("erase", "certificate", name, "--json").json
    assert told["count"] == len(told["parts"])
    assert told["key_destroyed_at_entry"] > told["places"][-1]["seq"]
    assert told["covered_by"] > told["places"][-1]["seq"]
    again = office.by("carla", *words, ok=False)
    assert again.status == 1
    assert "Nothing is recorded" in again.err


def test_who_gives_no_key_or_a_wrong_one_does_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("erase", "request", "--party", "P-anna", "--ground", "person_asked")
    assert "COUNTERMAND_KEY" in office.shell.refused_on_data(*words, status=2)
    monkeypatch.setenv("COUNTERMAND_KEY", "cmk_0000000000000000_" + "0" * 64)
    assert office.shell.refused_on_data(*words)
    monkeypatch.setenv("COUNTERMAND_KEY", office.keys["asha"])
    assert "needs compliance; your role is officer" in office.shell.refused_on_data(*words)
    monkeypatch.setenv("COUNTERMAND_KEY", office.keys["carla"])
    assert office.shell.on_data(*words).status == 0


def test_a_hold_refuses_with_status_one_until_it_is_lifted(office: Office) -> None:
    case = office.cases["P-anna"]["case_id"]
    held = office.by("carla", "hold", "set", "--case", case, "--ground", "litigation", "--json")
    name = held.json["hold"]
    words = ("erase", "request", "--party", "P-anna", "--ground", "person_asked")
    refused = office.by("dora", *words, ok=False)
    assert refused.status == 1
    assert "A legal hold keeps it: a lawsuit" in refused.out
    assert "litigation" in office.shell.on_data("hold", "list").out
    office.by("dora", "hold", "lift", name)
    assert office.shell.on_data("hold", "list", "--json").json["holds"][0]["stands"] is False
    assert office.erase(*words[2:])["standing"] == "erased"
    assert not office.readable("P-anna")


def due_at_once(office: Office) -> None:
    """A schedule of the lender's own, under which everything is due when a case has ended."""
    rule: dict[str, object] = dict.fromkeys(("class", "jurisdiction", "ending"), "*")
    rule |= {"keep_months": 0, "erase_after_months": 0, "law": "our policy R-7"}
    (office.shell.data / "retention.json").write_text(json.dumps({"rules": [rule]}))


def test_what_is_due_is_listed_and_erased_at_once(office: Office, tmp_path: Path) -> None:
    nothing = office.shell.on_data("erase", "due").out
    assert "0 parts of 0 cases" in nothing
    assert "of 3 cases" in office.shell.on_data("erase", "due", "--as-of", "2060-01-01").out
    refused = office.by("carla", "erase", "request", "--due", "--as-of", "2060-01-01", ok=False)
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "due on 2060-01-01 cannot be erased before that day" in refused.err
    due_at_once(office)
    listed = office.shell.on_data("erase", "due", "--out", tmp_path / "list")
    assert "of 3 cases" in listed.out
    lines = [json.loads(line) for line in (tmp_path / "list").read_text().splitlines()]
    assert {line["case"] for line in lines} == {c["case_id"] for c in office.cases.values()}
    assert all(line["parts"] for line in lines)
    done = office.erase("--due")
    assert done["parts"] == sum(len(line["parts"]) for line in lines)
    assert not any(office.readable(party) for party in office.cases)
    assert verdict(office) == "clean"


def test_a_request_is_refused_by_the_second_person(office: Office) -> None:
    words = ("erase", "request", "--case", office.cases["P-ben"]["case_id"])
    name = office.by("carla", *words, "--ground", "unlawful", "--json").json["request"]
    assert "said no" in office.by("dora", "erase", "refuse", name, "--note", "who says so").out
    said = office.by("dora", "erase", "approve", name, "--root", "00", ok=False)
    assert "refused" in said.err
    assert office.readable("P-ben")


def test_the_key_above_the_data_keys_is_replaced_by_a_command(office: Office) -> None:
    before = (office.shell.data / "keys" / "kek.json").read_bytes()
    assert "Key 2 is in use" in office.shell.on_data("key", "rotate").out
    assert (office.shell.data / "keys" / "kek.json").read_bytes() != before
    assert all(office.readable(party) for party in office.cases)
    assert verdict(office) == "clean"


def lose_the_files(office: Office) -> None:
    """The database is gone, as with a broken disk; the keys' folder is not."""
    for path in office.shell.data.glob(f"{DATABASE}*"):
        path.unlink()


def keep_everything(_office: Office) -> None:
    """The newer database is still there, as after a mistake."""


@pytest.mark.parametrize("lose", [lose_the_files, keep_everything])
def test_a_backup_from_before_brings_nothing_back_that_was_erased(
    office: Office, tmp_path: Path, lose: Callable[[Office], None]
) -> None:
    office.shell.on_data("db", "backup", tmp_path / "backup")
    office.erase("--party", "P-anna", "--ground", "person_asked")
    office.shell.on_data("key", "rotate")
    lose(office)
    office.shell.on_data("db", "restore", tmp_path / "backup", "--over-newer")
    assert not office.readable("P-anna")
    assert office.readable("P-ben"), "what was not erased opens, though its keys were rotated"
    assert verdict(office) == "clean"
    kinds = office.shell.on_data("erase", "list", "--json").json["requests"]
    assert [(one["scope"], one["standing"]) for one in kinds] == [("restore", "erased")]
    body = office.shell.on_data("ledger", "show", kinds[0]["erased_seq"], "--json").json["body"]
    assert body["data"]["ground"] == "erased_before_restore"
    before = office.shell.on_data("ledger", "checkpoint").out
    assert office.shell.on_data("ledger", "checkpoint").out == before, "it is done once"
    office.shell.on_data("erase", "finish")
    assert verdict(office) == "clean"


def test_a_copy_of_the_file_put_back_by_hand_brings_nothing_back_either(
    office: Office, tmp_path: Path
) -> None:
    office.shell.on_data("db", "backup", tmp_path / "backup")
    office.erase("--party", "P-anna", "--ground", "person_asked")
    lose_the_files(office)
    shutil.copyfile(tmp_path / "backup", office.shell.data / DATABASE)
    assert not office.readable("P-anna")
    assert office.readable("P-cleo")
    assert only_cut(office)


def notes_of_erasures(office: Office) -> list[Path]:
    """Files in which the keys' folder remembers what was erased."""
    return sorted((office.shell.data / "keys" / "erasures").glob("*.json"))


def erased_and_put_back(office: Office, tmp_path: Path) -> Path:
    """A party erased, and the database of before in its place; the note of the erasure."""
    office.shell.on_data("db", "backup", tmp_path / "backup")
    office.erase("--party", "P-anna", "--ground", "person_asked")
    put_back(office, tmp_path)
    (note,) = notes_of_erasures(office)
    return note


def put_back(office: Office, tmp_path: Path) -> None:
    """The backup in the database's place, by hand."""
    lose_the_files(office)
    shutil.copyfile(tmp_path / "backup", office.shell.data / DATABASE)


def without_proof(note: dict[str, Any]) -> None:
    note["proof"] = ""


def with_the_proof_cut(note: dict[str, Any]) -> None:
    note["proof"] = note["proof"].replace("\n\n", "\n", 1)


def with_another_size_signed(note: dict[str, Any]) -> None:
    head, _, signed = note["proof"].partition("\n\n")
    origin, size, rest = signed.split("\n", 2)
    note["proof"] = f"{head}\n\n{origin}\n{int(size) + 1}\n{rest}"


def with_the_entry_changed(note: dict[str, Any]) -> None:
    title, extra, rest = note["proof"].split("\n", 2)
    enclosed = json.loads(b64decode(extra.removeprefix("extra ")))
    entry = b64decode(enclosed["entry"]).replace(b'"role":"', b'"role":"x')
    text = canonical({**enclosed, "entry": b64encode(entry).decode()})
    note["proof"] = "\n".join((title, f"extra {b64encode(text).decode()}", rest))


def with_a_part_more(note: dict[str, Any]) -> None:
    note["parts"].append(["019aa000-0000-7000-8000-000000000000", "note"])


def with_a_part_less(note: dict[str, Any]) -> None:
    note["parts"].pop()


def with_another_event(note: dict[str, Any]) -> None:
    note["event"] = "019aa000-0000-7000-8000-000000000000"


def with_no_parts_at_all(note: dict[str, Any]) -> None:
    del note["parts"]


@pytest.mark.parametrize(
    "forge",
    [
        without_proof,
        with_the_proof_cut,
        with_another_size_signed,
        with_the_entry_changed,
        with_a_part_more,
        with_a_part_less,
        with_another_event,
        with_no_parts_at_all,
    ],
)
def test_a_note_of_an_erasure_that_is_not_proven_erases_nothing_and_is_named(
    office: Office, tmp_path: Path, forge: Callable[[dict[str, Any]], None]
) -> None:
    note = erased_and_put_back(office, tmp_path)
    members = json.loads(note.read_text())
    forge(members)
    note.write_text(json.dumps(members))
    said = office.shell.refused_on_data("erase", "finish")
    assert str(note) in said
    assert "Keep it elsewhere" in said
    note.rename(tmp_path / "evidence")
    assert not office.shell.on_data("erase", "list", "--json").json["requests"]
    assert parts_of(office, "P-anna"), "nothing was erased again"


def parts_of(office: Office, party: str) -> int:
    """How many parts of a party's decision lie in the database, whether they open or not."""
    count = "SELECT COUNT(*) FROM ledger_payload WHERE event_id = ?"
    with closing(sqlite3.connect(office.shell.data / DATABASE)) as database:
        found: int = database.execute(count, (office.cases[party]["decision_id"],)).fetchone()[0]
    return found


def test_a_forged_note_erases_nothing_whether_a_hold_stands_or_not(
    office: Office, tmp_path: Path
) -> None:
    case = office.cases["P-ben"]["case_id"]
    office.by("carla", "hold", "set", "--case", case, "--ground", "litigation")
    invented = "019aa000-0000-7000-8000-000000000000"
    folder = office.shell.data / "keys" / "erasures"
    folder.mkdir()
    parts = [[office.cases[party]["decision_id"], "inputs"] for party in office.cases]
    real = office.erase("--party", "P-anna", "--ground", "person_asked")
    (note,) = notes_of_erasures(office)
    borrowed = json.loads(note.read_text())["proof"]
    for proof in ("", borrowed):
        forged = {"event": invented, "parts": parts, "proof": proof}
        (folder / f"{invented}.json").write_text(json.dumps(forged))
        assert invented in office.shell.refused_on_data("erase", "finish")
    (folder / f"{invented}.json").rename(tmp_path / "evidence")
    assert [office.readable(party) for party in office.cases] == [False, True, True]
    (only,) = office.shell.on_data("erase", "list", "--json").json["requests"]
    assert only["request"] == real["request"]
    assert verdict(office) == "clean"


def test_what_a_hold_keeps_is_not_erased_again_until_it_is_lifted(
    office: Office, tmp_path: Path
) -> None:
    case = office.cases["P-anna"]["case_id"]
    office.by("carla", "hold", "set", "--case", case, "--ground", "litigation")
    office.shell.on_data("db", "backup", tmp_path / "backup")
    old_key = (office.shell.data / "keys" / "kek.json").read_bytes()
    held = office.shell.on_data("hold", "list", "--json").json["holds"][0]["hold"]
    office.by("dora", "hold", "lift", held)
    for party in ("P-anna", "P-cleo"):
        office.erase("--party", party, "--ground", "person_asked")
    put_back(office, tmp_path)
    (office.shell.data / "keys" / "kek.json").write_bytes(old_key)  # a copy that was not destroyed
    assert office.readable("P-anna"), "the hold stands again, as its end is lost"
    assert not office.readable("P-cleo")
    assert office.readable("P-ben")
    office.by("dora", "hold", "lift", held)
    assert not office.readable("P-anna")
    assert only_cut(office)


def test_a_restore_sets_holds_again_that_were_set_since_and_names_each(
    office: Office, tmp_path: Path
) -> None:
    cases = {party: made["case_id"] for party, made in office.cases.items()}
    words = ("hold", "set", "--ground", "litigation", "--json")
    old = office.by("carla", *words, "--case", cases["P-anna"]).json["hold"]
    office.shell.on_data("db", "backup", tmp_path / "backup")
    office.by("dora", "hold", "lift", old)
    new = office.by("carla", *words, "--case", cases["P-ben"]).json["hold"]
    whole = office.by("carla", *words, "--party", "P-cleo").json["hold"]
    over = office.by("carla", *words, "--case", cases["P-ben"]).json["hold"]
    office.by("carla", "hold", "lift", over)
    said = office.shell.on_data("db", "restore", tmp_path / "backup", "--over-newer").out
    for hold, on in ((new, cases["P-ben"]), (whole, "party")):
        assert f"The legal hold {hold} (litigation, " in said
        assert on in said
    assert f"The legal hold {old} (litigation, case {cases['P-anna']}) stands again" in said
    assert over not in said
    standing = office.shell.on_data("hold", "list", "--json").json["holds"]
    assert all(hold["stands"] for hold in standing)
    assert {hold["case"] for hold in standing} == {cases["P-anna"], cases["P-ben"], ""}
    for party in office.cases:
        refused = office.by(
            "dora", "erase", "request", "--party", party, "--ground", "unlawful", ok=False
        )
        assert "A legal hold keeps it" in refused.out
    assert verdict(office) == "clean"


def test_a_restore_that_cannot_know_of_lost_holds_says_so(office: Office, tmp_path: Path) -> None:
    office.shell.on_data("db", "backup", tmp_path / "backup")
    case = office.cases["P-anna"]["case_id"]
    office.by("carla", "hold", "set", "--case", case, "--ground", "litigation")
    lose_the_files(office)
    said = office.shell.on_data("db", "restore", tmp_path / "backup", "--over-newer").out
    assert "Which legal holds were set or lifted after the backup was taken" in said


def test_notes_that_carry_no_proof_yet_get_it_when_the_ledger_is_signed(office: Office) -> None:
    office.erase("--party", "P-anna", "--ground", "person_asked")
    (note,) = notes_of_erasures(office)
    whole = note.read_text()
    members = json.loads(whole)
    del members["proof"]  # as earlier releases wrote them
    note.write_text(json.dumps(members))
    office.shell.on_data("erase", "finish")
    again = json.loads(note.read_text())
    assert again["parts"] == members["parts"]
    assert again["proof"].startswith("c2sp.org/tlog-proof@v1\n")


def test_a_lost_host_learns_from_an_export_what_had_been_erased(
    office: Office, tmp_path: Path
) -> None:
    office.shell.on_data("db", "backup", tmp_path / "backup")
    shutil.copytree(office.shell.data / "keys", tmp_path / "keys")
    office.erase("--party", "P-anna", "--ground", "person_asked")
    office.shell.on_data("ledger", "export", tmp_path / "export")
    lose_the_files(office)
    shutil.rmtree(office.shell.data / "keys")  # all that is left is what was copied before
    shutil.copytree(tmp_path / "keys", office.shell.data / "keys")
    shutil.copyfile(tmp_path / "backup", office.shell.data / DATABASE)
    assert office.readable("P-anna"), "nobody remembers"
    said = office.shell.on_data("erase", "remember", tmp_path / "export").out
    assert "not known here: 1. Entries that erase again: 1." in said
    assert not office.readable("P-anna")
    assert office.readable("P-ben")
    assert only_cut(office)
    said = office.shell.on_data("erase", "remember", tmp_path / "export").out
    assert "not known here: 0. Entries that erase again: 0." in said


def test_an_altered_export_teaches_nothing(office: Office, tmp_path: Path) -> None:
    office.erase("--party", "P-anna", "--ground", "person_asked")
    office.shell.on_data("ledger", "export", tmp_path / "export")
    listed = tmp_path / "export" / "erased.jsonl"
    listed.write_bytes(listed.read_bytes() * 2)
    assert "is not used" in office.shell.refused_on_data("erase", "remember", tmp_path / "export")


def test_without_the_lookup_key_holds_on_parties_are_named_to_be_set_again(office: Office) -> None:
    words = ("hold", "set", "--ground", "litigation", "--json")
    party = office.by("carla", *words, "--party", "P-anna").json["hold"]
    case = office.by("carla", *words, "--case", office.cases["P-ben"]["case_id"]).json["hold"]
    (office.shell.data / "keys" / "lookup.key").unlink()
    said = office.shell.on_data("key", "replace", "lookup", "--reason", "lost").out
    assert f"The legal hold {party} does not cover later cases of its party" in said
    assert case not in said


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31"])
def test_a_day_from_which_months_cannot_be_counted_is_refused(office: Office, day: str) -> None:
    told = "Give a time from 1970"
    asked = office.by("carla", "erase", "request", "--due", "--as-of", day, ok=False)
    assert told in asked.err
    assert told in office.shell.on_data("erase", "due", "--as-of", day, ok=False).err
