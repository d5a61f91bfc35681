"""Size, then hash, then parse: a folder that is not what was approved is not used at all."""

import json
from pathlib import Path

import pytest

from explain.bundle import describe, load
from explain.declared.bundle_files import MANIFEST, MANIFEST_BYTES_MAX, read_files, seal
from explain.errors import BundleInvalid, FileAltered, FileTooLarge


def test_an_untouched_folder_is_read(folder: Path) -> None:
    assert set(read_files(folder).contents) == {
        "calibration.csv",
        "card.md",
        "codebook.yaml",
        "kpis.yaml",
        "measured.yaml",
        "model.txt",
        "model.yaml",
        "policy.yaml",
        "reference.csv",
    }


@pytest.mark.parametrize("name", ["model.txt", "policy.yaml", "reference.csv", "card.md"])
def test_a_file_with_one_byte_changed_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(FileAltered, match=name):
        load(folder)


def test_a_file_that_grew_or_shrank_is_refused(folder: Path) -> None:
    model = folder / "model.txt"
    whole = model.read_bytes()
    for other in (whole + b"\n", whole[:-1], b""):
        model.write_bytes(other)
        with pytest.raises(FileAltered):
            load(folder)


def test_a_file_the_manifest_does_not_name_is_refused(folder: Path) -> None:
    (folder / "notes.txt").write_text("an afterthought")
    with pytest.raises(BundleInvalid, match=r"notes\.txt is not in the manifest"):
        load(folder)


def test_a_missing_file_and_a_missing_manifest_are_refused(folder: Path) -> None:
    (folder / "policy.yaml").unlink()
    with pytest.raises(BundleInvalid, match=r"policy\.yaml is missing"):
        load(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(BundleInvalid, match=r"manifest\.json is missing"):
        load(folder)
    with pytest.raises(BundleInvalid, match="no such folder"):
        load(folder / "nowhere")


def test_a_link_to_somewhere_else_is_refused(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_bytes((folder / "model.txt").read_bytes())
    (folder / "model.txt").unlink()
    (folder / "model.txt").symlink_to(elsewhere)
    with pytest.raises(BundleInvalid, match="no plain file"):
        load(folder)


def test_a_file_too_large_is_refused_before_it_is_read(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["model.txt"]["size"] = 10**12
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(FileTooLarge, match="1000000000000"):
        load(folder)
    (folder / MANIFEST).write_text(" " * (MANIFEST_BYTES_MAX + 1))
    with pytest.raises(FileTooLarge):
        load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"name": "Not A Name"},
        {"files": {}},
        {"files": {"../model.txt": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"model.txt": {"size": -1, "sha256": "0" * 64}}},
        {"files": {"model.txt": {"size": 1, "sha256": "0" * 63}}},
        {"files": {"model.txt": {"size": "1", "sha256": "0" * 64}}},
        {"more": 1},
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    folder: Path, change: dict[str, object]
) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, **change}))
    with pytest.raises(BundleInvalid, match="manifest"):
        load(folder)


def test_a_manifest_that_is_no_json_is_refused(folder: Path) -> None:
    for text in ("", "[]", "{", "[" * 50_000):
        (folder / MANIFEST).write_text(text)
        with pytest.raises(BundleInvalid, match="manifest"):
            load(folder)


def test_the_three_versions_cover_disjoint_files_and_the_whole_covers_all(folder: Path) -> None:
    before = describe(folder)
    assert len({before.model.sha256, before.policy.sha256, before.codebook.sha256}) == 3
    versions = {"policy.yaml": "policy", "codebook.yaml": "codebook", "model.yaml": "model"}
    for name, changed in versions.items():
        path = folder / name
        text = path.read_text()
        path.write_text(text + "\n# a remark\n")
        seal(folder, before.name)
        after = describe(folder)
        for part in versions.values():
            same = getattr(after, part).sha256 == getattr(before, part).sha256
            assert same == (part != changed)
        assert after.sha256 != before.sha256
        path.write_text(text)
    (folder / "card.md").write_text("another card")
    seal(folder, before.name)
    after = describe(folder)
    assert after.sha256 != before.sha256
    assert (after.model, after.policy, after.codebook) == (
        before.model,
        before.policy,
        before.codebook,
    )
