"""A set says of itself what it is, can be checked by anybody, and is made and fetched over HTTP."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import jsonschema
import open_data_contract_standard
import pytest
import yaml
from starlette.testclient import TestClient

from decision_service import feedback_export, feedback_processes, feedback_tables
from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.feedback_check import check_set
from decision_service.feedback_errors import SetUnreadable
from decision_service.feedback_export import FeedbackExport
from decision_service.feedback_features import own_columns
from decision_service.feedback_files import FileFormat, FileRows, Packing, manifest_sha256
from decision_service.feedback_processes import Make, Setting, batches_apart
from decision_service.feedback_verify import Wrong, check_ledger, signed, verify
from decision_service.people_changes import people_changes
from overrides import feedback
from overrides.feedback import Batch
from overrides.feedback_blocks import PackedRows, RowBlock
from overrides.feedback_book import Place
from overrides.feedback_columns import COLUMNS, ROW_COLUMNS
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.erasure_house import erasure_house
from tests.decision_service.test_feedback_files import fill
from tests.evidence import plain_rows
from tests.evidence.plain_rows import flat, row_bytes, write_parquet

pytest.importorskip("pyarrow")

Keys = dict[str, dict[str, str]]
POORER: dict[str, Callable[[Setting], Setting]] = {
    "a contract": lambda setting: replace(setting, columns={}),
    "a definition": lambda setting: replace(setting, definitions={}),
    "a newer key": lambda setting: replace(setting, keks={99: bytes(32)}),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with decided cases of every kind, and a checkpoint."""
    with desk_house(tmp_path_factory.mktemp("sets")) as made:
        fill(made)
        made.services.signer.checkpoint()
        made.clock.passes(days=1)
        yield made


@pytest.fixture(scope="module")
def client(house: DeskHouse) -> Iterator[TestClient]:
    """The installation over HTTP."""
    with TestClient(create_app(house.services, warm=False)) as made:
        yield made


@pytest.fixture(scope="module")
def keys(house: DeskHouse) -> Keys:
    """Headers of people by name."""
    changes = people_changes(house.services)
    return {
        name: {"Authorization": f"Bearer {changes.add_key(HOST, name)[1].text}"}
        for name in ("mina", "asha", "core", "root")
    }


@pytest.fixture(scope="module")
def folders(house: DeskHouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same cut in both formats."""
    home = tmp_path_factory.mktemp("made")
    forms: tuple[FileFormat, ...] = ("parquet", "csv")
    for form in forms:
        export = FeedbackExport(house.services)
        as_of = house.clock() - timedelta(hours=1)
        export.write(home / form, HOST, bundle=BUNDLE, as_of=as_of, form=form)
    return {form: home / form for form in forms}


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def checked(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the program in the folder says, with nothing but Python's own library."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_rows_have_one_hash_whatever_the_format_and_the_size_of_parts(
    house: DeskHouse, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileRows.__init__, "__kwdefaults__", {"part_rows": 4})
    export = FeedbackExport(house.services)
    as_of = datetime.fromisoformat(manifest_of(folders["csv"])["as_of"])
    parts, _ = export.write(tmp_path / "parts", HOST, bundle=BUNDLE, as_of=as_of)
    hashes = {manifest_of(folder)["row_hash"] for folder in folders.values()}
    assert hashes == {parts["row_hash"]}
    assert [(name, file["rows"]) for name, file in parts["files"].items()] == [
        (f"{BUNDLE}-00001.parquet", 4),
        (f"{BUNDLE}-00002.parquet", 4),
        (f"{BUNDLE}-00003.parquet", 2),
    ]
    assert verify(tmp_path / "parts")[0] == []


@pytest.mark.parametrize("at_once", [1, 3, 1_000])
def test_the_bytes_are_those_of_a_plain_writer_however_many_rows_are_made_at_once(
    house: DeskHouse,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    blocks: list[RowBlock] = []

    class Kept(Packing):
        def __call__(self, block: RowBlock) -> list[PackedRows]:
            blocks.append(block)
            return super().__call__(block)

    monkeypatch.setattr(feedback_tables, "ROW_GROUP_ROWS", 4)
    monkeypatch.setattr(plain_rows, "ROW_GROUP_ROWS", 4)
    monkeypatch.setattr(feedback, "AT_ONCE", at_once)
    monkeypatch.setattr(feedback_export, "Packing", Kept)
    as_of = datetime.fromisoformat(manifest_of(folders["csv"])["as_of"])
    manifest, _ = FeedbackExport(house.services).write(tmp_path / "set", HOST, as_of=as_of)
    rows = [line for block in blocks for line in block.exact]
    assert rows == [row_bytes(flat(row)) for block in blocks for row in block.rows]
    assert len(rows) == manifest["rows"] == 10
    model = blocks[0].rows[0].model_sha256
    columns = own_columns(house.services.registry.told(BUNDLE, model=model or ""))
    write_parquet(tmp_path / "plain", [*ROW_COLUMNS, *columns], rows)
    assert (tmp_path / "plain").read_bytes() == (
        tmp_path / "set" / f"{BUNDLE}.parquet"
    ).read_bytes()


def test_several_processes_make_the_same_bytes(
    house: DeskHouse,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(feedback_export, "APART_FROM", 1)
    monkeypatch.setattr(feedback_processes, "AT_ONCE", 3)
    as_of = datetime.fromisoformat(manifest_of(folders["parquet"])["as_of"])
    export = FeedbackExport(house.services)
    export.write(tmp_path / "set", HOST, bundle=BUNDLE, as_of=as_of)
    names = [path.name for path in folders["parquet"].iterdir()]
    for name in names:
        assert (tmp_path / "set" / name).read_bytes() == (folders["parquet"] / name).read_bytes(), (
            name
        )
    assert not caplog.records, "every row was made by them"


@pytest.mark.parametrize("lacks", POORER)
def test_what_a_process_cannot_make_is_made_here(
    house: DeskHouse,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    lacks: str,
) -> None:
    def poorer(setting: Setting, places: Sequence[Place], make_here: Make) -> Iterator[Batch]:
        return batches_apart(POORER[lacks](setting), places, make_here)

    monkeypatch.setattr(feedback_export, "APART_FROM", 1)
    monkeypatch.setattr(feedback_export, "batches_apart", poorer)
    as_of = datetime.fromisoformat(manifest_of(folders["parquet"])["as_of"])
    FeedbackExport(house.services).write(tmp_path / "set", HOST, bundle=BUNDLE, as_of=as_of)
    (warned,) = caplog.records
    assert "made here instead: NotHere" in warned.getMessage()
    assert (tmp_path / "set" / "manifest.json").read_bytes() == (
        folders["parquet"] / "manifest.json"
    ).read_bytes()


@pytest.mark.parametrize(
    ("form", "how"), [("csv", "read and hashed"), ("parquet", "counted; to hash them too")]
)
def test_anybody_can_check_a_set_with_python_alone(
    house: DeskHouse, folders: dict[str, Path], tmp_path: Path, form: str, how: str
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{house.services.signer.key.vkey}\n")
    said = checked(folders[form], "--key", str(key))
    assert (said.returncode, said.stderr) == (0, "")
    assert f"10 rows, {how}" in said.stdout
    assert "Signed by" in said.stdout
    assert said.stdout.endswith(
        "CONSISTENT in itself; to hold it against the ledger, give --manifest\n"
    )
    bound = checked(folders[form], "--key", str(key), "--manifest", manifest_sha256(folders[form]))
    assert (bound.returncode, bound.stdout.splitlines()[-1]) == (0, "WHOLE")


def test_a_key_that_was_named_shows_nothing_without_a_checkpoint() -> None:
    unsigned = {"checkpoint": None}
    assert check_ledger(unsigned, ["k"])[0] == []
    assert check_ledger(unsigned, ["k"], named=True)[0], "whoever names a key asks for a signature"


def test_a_set_altered_together_with_all_its_hashes_is_not_the_one_of_the_ledger(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "altered"
    shutil.copytree(folders["csv"], folder)
    of_the_ledger = manifest_sha256(folder)
    manifest = manifest_of(folder)
    manifest["as_of"] = "2020-01-01T00:00:00.000000Z"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    alone = checked(folder)
    assert (alone.returncode, alone.stdout.splitlines()[-1].split(";")[0]) == (
        0,
        "CONSISTENT in itself",
    )
    held = checked(folder, "--manifest", of_the_ledger)
    assert (held.returncode, held.stdout.splitlines()[-1]) == (1, "ALTERED")
    assert "not the one that the ledger has" in held.stderr


def _last_byte(folder: Path) -> str:
    path = folder / f"{BUNDLE}.csv"
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    return "was altered"


def _cut(folder: Path) -> str:
    path = folder / f"{BUNDLE}.csv"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return f"has {len(content) // 2} bytes, not {len(content)}"


def _missing(folder: Path) -> str:
    (folder / f"{BUNDLE}.csv").unlink()
    return "is missing"


def _added(folder: Path) -> str:
    (folder / "more.csv").write_text("x")
    return "does not belong"


def _rows_hash(folder: Path) -> str:
    return _manifest(folder, "row_hash", "0" * 64) or "not those of the row hash"


def _counts(folder: Path) -> str:
    return _manifest(folder, "rows", 9) or "there are 10 rows"


def _manifest(folder: Path, member: str, value: object) -> str:
    about = manifest_of(folder)
    (folder / "manifest.json").write_text(json.dumps({**about, member: value}))
    return ""


def _checkpoint(folder: Path) -> str:
    ledger = manifest_of(folder)["ledger"]
    size = ledger["checkpoint"].split("\n")[1]
    note = ledger["checkpoint"].replace(f"\n{size}\n", f"\n{int(size) - 1}\n", 1)
    return _manifest(folder, "ledger", {**ledger, "checkpoint": note}) or "signed by none"


def _root(folder: Path) -> str:
    ledger = manifest_of(folder)["ledger"]
    return _manifest(folder, "ledger", {**ledger, "root": "0" * 64}) or "root is not the one"


@pytest.mark.parametrize(
    "change",
    [_last_byte, _cut, _missing, _added, _rows_hash, _counts, _checkpoint, _root],
)
def test_what_was_changed_in_a_set_is_named(
    folders: dict[str, Path], tmp_path: Path, change: Callable[[Path], str]
) -> None:
    folder = tmp_path / "copy"
    copytree(folders["csv"], folder)
    wanted = change(folder)
    said = checked(folder)
    assert said.returncode == 1
    assert wanted in said.stderr
    assert said.stdout.endswith("ALTERED\n")


@pytest.mark.parametrize("content", ["", "{", "{}", '{"format": "x"}', "[]"])
def test_a_folder_that_is_no_set_is_told_from_an_altered_one(
    folders: dict[str, Path], tmp_path: Path, content: str
) -> None:
    (tmp_path / "manifest.json").write_text(content)
    (tmp_path / "verify.py").write_bytes((folders["csv"] / "verify.py").read_bytes())
    assert checked(tmp_path).returncode == 2
    with pytest.raises((Wrong, ValueError, AttributeError)):
        verify(tmp_path)


def test_the_signature_check_knows_the_vectors_of_the_standard() -> None:
    # RFC 8032, section 7.1, test 2
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert signed(public, signature, b"\x72")
    assert not signed(public, signature, b"\x73")
    assert not signed(public, signature[:32] + bytes(32), b"\x72")
    assert not signed(bytes(32), signature, b"\x72")


def test_the_contract_names_every_column_with_its_type(folders: dict[str, Path]) -> None:
    told = yaml.safe_load((folders["csv"] / "contract.odcs.yaml").read_text())
    assert {"version", "apiVersion", "kind", "id", "status"} <= set(told)
    assert (told["apiVersion"], told["kind"]) == ("v3.2.0", "DataContract")
    (table,) = told["schema"]
    names = [column["name"] for column in table["properties"]]
    assert set(names) == set(manifest_of(folders["csv"])["files"][f"{BUNDLE}.csv"]["columns"])
    assert names[: len(COLUMNS)] == list(COLUMNS)
    logical = {"string", "integer", "number", "boolean", "timestamp", "array"}
    assert {column["logicalType"] for column in table["properties"]} == logical
    by_name = {column["name"]: column for column in table["properties"]}
    assert [value["value"] for value in by_name["recommendation"]["enum"]] == [
        "approve",
        "refer",
        "decline",
    ]
    roles = {
        custom["value"]
        for column in table["properties"]
        for custom in column.get("customProperties", ())
    }
    assert roles == {"feature", "context"}


def test_the_contract_is_valid_by_the_standards_own_schema(folders: dict[str, Path]) -> None:
    told = yaml.safe_load((folders["csv"] / "contract.odcs.yaml").read_text())
    schema = json.loads(
        Path(open_data_contract_standard.__file__).with_name("schema.json").read_text()
    )
    jsonschema.validate(told, schema, cls=jsonschema.Draft201909Validator)


def test_the_metadata_names_files_and_columns_that_are_there(folders: dict[str, Path]) -> None:
    told = json.loads((folders["parquet"] / "croissant.json").read_text())
    manifest = manifest_of(folders["parquet"])
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    for member in ("name", "description", "license", "url", "creator", "datePublished"):
        assert told[member]
    files, file_set = told["distribution"]
    assert files["sha256"] == manifest["files"][files["@id"]]["sha256"]
    assert file_set["includes"] == list(manifest["files"])
    (records,) = told["recordSet"]
    columns = manifest["files"][files["@id"]]["columns"]
    assert {one["name"] for one in records["field"]} == set(columns) - {"observations", "acts"}
    ids = [one["@id"] for one in (*told["distribution"], records, *records["field"])]
    assert len(set(ids)) == len(ids)
    assert records["key"]["@id"] in ids
    for one in records["field"]:
        assert one["source"]["fileSet"]["@id"] == file_set["@id"]


def test_a_set_loads_in_one_line_and_trains(folders: dict[str, Path]) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    lines = (folders["parquet"] / "README.md").read_text()
    assert "pandas.read_parquet" in lines
    frame = pandas.read_parquet(folders["parquet"] / f"{BUNDLE}.parquet")
    other = polars.read_parquet(folders["parquet"] / "*.parquet")
    plain = pandas.read_csv(folders["csv"] / f"{BUNDLE}.csv")
    assert len(frame) == other.height == len(plain) == 10
    labelled = frame[frame["label"].notna()]
    assert sorted(labelled["label"]) == [0, 1]
    tree = pytest.importorskip("sklearn.tree").DecisionTreeClassifier()
    features = labelled.filter(like="scored_").select_dtypes("number")
    assert list(tree.fit(features, labelled["label"]).predict(features)) == list(labelled["label"])


def test_rows_of_an_old_set_that_were_erased_since_are_found(tmp_path: Path) -> None:
    with erasure_house(tmp_path / "data") as house:
        house.closed("P-anna")
        house.closed("P-ben")
        FeedbackExport(house.services).write(tmp_path / "old", HOST)
        clean = check_set(house.services, tmp_path / "old")
        house.erase(party="P-anna")
        found = check_set(house.services, tmp_path / "old")
        later, _ = FeedbackExport(house.services).write(tmp_path / "later", HOST)
        assert check_set(house.services, tmp_path / "later").good
    assert clean.good
    assert not found.good
    assert (found.rows, len(found.erased[f"{BUNDLE}.parquet"]), found.erasures_since) == (2, 1, 1)
    assert (later["rows"], later["erased_rows"]) == (1, 1)


def test_a_set_that_this_ledger_did_not_make_is_told(
    house: DeskHouse, folders: dict[str, Path], tmp_path: Path
) -> None:
    assert check_set(house.services, folders["csv"]).good
    copytree(folders["csv"], tmp_path / "copy")
    _manifest(tmp_path / "copy", "purpose", "something else")
    assert not check_set(house.services, tmp_path / "copy").known
    _manifest(tmp_path / "copy", "ledger", {**manifest_of(folders["csv"])["ledger"], "log": "o"})
    with pytest.raises(SetUnreadable):
        check_set(house.services, tmp_path / "copy")
    with pytest.raises(SetUnreadable):
        check_set(house.services, tmp_path)


def test_a_set_is_made_and_fetched_over_http(client: TestClient, keys: Keys) -> None:
    headers = {**keys["mina"], "Idempotency-Key": "k1"}
    asked = {"bundle": BUNDLE, "format": "csv", "purpose": "challenger"}
    made = client.post("/v1/feedback-sets", json=asked, headers=headers)
    assert made.status_code == 201, made.text
    again = client.post("/v1/feedback-sets", json=asked, headers=headers)
    assert (again.status_code, again.json()) == (200, made.json())
    told = made.json()
    assert told["manifest"]["purpose"] == "challenger"
    shown = client.get(f"/v1/feedback-sets/{told['id']}", headers=headers).json()
    assert shown == told
    for file in told["files"]:
        fetched = client.get(file["href"], headers=headers)
        assert fetched.status_code == 200
        known = {**told["manifest"]["files"], **told["manifest"]["papers"]}.get(file["name"])
        assert known is None or len(fetched.content) == known["bytes"]
    listed = client.get("/v1/feedback-sets", headers=headers).json()["feedback_sets"]
    assert told["id"] in [one.get("id") for one in listed]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ([], "body"),
        ({"bundle": 3}, "/bundle"),
        ({"format": "xlsx"}, "/format"),
        ({"purpose": ""}, "/purpose"),
        ({"as_of": "yesterday"}, "/as_of"),
        ({"raws": 1}, "/raws"),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    client: TestClient, keys: Keys, asked: Any, pointer: str
) -> None:
    headers = {**keys["mina"], "Idempotency-Key": "k2"}
    refused = client.post("/v1/feedback-sets", json=asked, headers=headers)
    assert refused.status_code == 422
    assert pointer.removeprefix("body") in refused.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/feedback-sets/nothing",
        "/v1/feedback-sets/../keys",
        "/v1/feedback-sets/x/files/kek.json",
    ],
)
def test_what_is_no_set_is_not_found(client: TestClient, keys: Keys, path: str) -> None:
    headers = keys["mina"]
    assert client.get(path, headers=headers).status_code == 404


def test_sets_over_http_are_for_who_builds_models(client: TestClient, keys: Keys) -> None:
    for name in ("asha", "core", "root"):
        headers = {**keys[name], "Idempotency-Key": "k3"}
        assert client.get("/v1/feedback-sets", headers=headers).status_code == 403
        refused = client.post("/v1/feedback-sets", json={}, headers=headers)
        assert refused.status_code == 403


def test_a_cut_that_has_not_come_is_refused_over_http(
    house: DeskHouse, client: TestClient, keys: Keys
) -> None:
    headers = {**keys["mina"], "Idempotency-Key": "k4"}
    ahead = (house.clock.at + timedelta(days=9)).isoformat()
    refused = client.post("/v1/feedback-sets", json={"as_of": ahead}, headers=headers)
    assert refused.status_code == 422
