"""Bundles that somebody answers for: signed, and refused where no trusted publisher signed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.cli import main
from decision_service.model_pages import ModelPages
from decision_service.publishers import Publishers, sign_bundle, signed_text
from explain.bundle import describe
from explain.declared.bundle_files import MANIFEST, SIGNATURE, read_files, seal
from explain.errors import BundleInvalid, FileAltered, FileTooLarge, NotSigned
from overrides.notes import Signer
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, House, open_house
from tests.sample_models.trained import sample_bundles

LAB, STRANGER = Signer("lab.example", b"\x01" * 32), Signer("stranger", b"\x02" * 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_bundles() / BUNDLE, tmp_path / "bundle"))


@pytest.fixture
def publishers(tmp_path: Path) -> Publishers:
    """An installation that trusts the lab alone."""
    file = tmp_path / "publishers.pub"
    file.write_text(f"# the lab\n{LAB.key.vkey}\n", encoding="utf-8")
    return Publishers(file)


def signed(folder: Path, *signers: Signer) -> None:
    sha256 = read_files(folder).sha256
    for signer in signers:
        sign_bundle(folder, sha256, signer)


def test_a_signature_of_a_trusted_publisher_lets_a_bundle_in(
    folder: Path, publishers: Publishers
) -> None:
    signed(folder, LAB)
    contents = describe(folder, publishers.admit)
    words = publishers.said(folder, contents.sha256, contents.signature)
    assert words == "Signed by lab.example, as publishers.pub has their keys."
    other = Publishers(folder / "none")
    assert "not checked" in other.said(folder, contents.sha256, contents.signature)
    assert other.said(folder, contents.sha256, "") == "Not signed."


def spoil(folder: Path, words: str) -> None:
    """Do that to a signature of which these words are said."""
    path = folder / SIGNATURE
    text = path.read_text(encoding="utf-8")
    match words:
        case "there is no manifest.sig":
            path.unlink()
        case "no known key signed it":
            signed(folder, STRANGER)
        case "the signature of lab.example is wrong":
            path.write_text(text.replace(text.splitlines()[1], "0" * 64), encoding="utf-8")
        case "it was made for another manifest.json":
            path.write_text(LAB.sign(signed_text("0" * 64)), encoding="utf-8")
        case "malformed":
            path.write_text("anything\n\n\N{EM DASH} lab.example x\n", encoding="utf-8")


WRONG = [
    "there is no manifest.sig",
    "no known key signed it",
    "the signature of lab.example is wrong",
    "it was made for another manifest.json",
    "malformed",
]


@pytest.mark.parametrize("words", WRONG)
def test_what_no_trusted_publisher_signed_is_not_read(
    folder: Path, publishers: Publishers, words: str
) -> None:
    signed(folder, LAB)
    spoil(folder, words)
    with pytest.raises(NotSigned, match=words) as refused:
        describe(folder, publishers.admit)
    assert "countermand bundle sign" in str(refused.value)
    assert describe(folder).name == BUNDLE, "who asks for no signature reads it all the same"


@pytest.mark.parametrize(
    ("line", "words"), [("", "names no key"), ("lab.example+00+x", "line 1"), ("\udcff", "cannot")]
)
def test_a_list_of_publishers_that_names_nobody_trusts_nobody(
    folder: Path, publishers: Publishers, line: str, words: str
) -> None:
    signed(folder, LAB)
    publishers.file.write_bytes(os.fsencode(line))
    with pytest.raises(NotSigned, match=words):
        describe(folder, publishers.admit)


def test_the_signature_is_looked_at_before_the_manifest_is_parsed(
    folder: Path, publishers: Publishers
) -> None:
    (folder / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(NotSigned):
        read_files(folder, publishers.admit)
    with pytest.raises(BundleInvalid):
        read_files(folder)


def test_a_signature_covers_every_file_and_ends_with_the_seal(
    folder: Path, publishers: Publishers
) -> None:
    signed(folder, LAB)
    card = folder / "card.md"
    card.write_bytes(card.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(FileAltered):
        describe(folder, publishers.admit)
    seal(folder, BUNDLE)
    assert not (folder / SIGNATURE).exists()
    with pytest.raises(NotSigned):
        describe(folder, publishers.admit)
    (folder / SIGNATURE).write_bytes(b"x" * 70_000)
    with pytest.raises(FileTooLarge):
        read_files(folder)
    (folder / SIGNATURE).unlink()
    (folder / SIGNATURE).symlink_to(folder / "card.md")
    with pytest.raises(BundleInvalid):
        read_files(folder)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def test_a_registered_bundle_scores_only_while_its_publisher_is_trusted(
    house: House, folder: Path
) -> None:
    settings, registry = house.services.settings, house.services.registry
    example = house.example
    settings.publishers.write_text(LAB.key.vkey + "\n", encoding="utf-8")
    with pytest.raises(NotSigned):
        registry.add(folder, HOST)
    house.services.registry._loader._kept.clear()  # as after a start
    assert "manifest.sig" in registry.in_use(BUNDLE).problem
    assert house.decide(fields=example).json()["score"] is None
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    seal(folder, BUNDLE)
    signed(folder, LAB)
    registry.add(folder, HOST)
    promote_unsigned(registry, BUNDLE)
    assert registry.in_use(BUNDLE).problem == ""
    pages = ModelPages(house.services)
    loaded = registry.in_use(BUNDLE).loaded
    assert loaded is not None
    assert pages._signed(loaded).startswith("Signed by lab.example")
    settings.publishers.write_text(STRANGER.key.vkey + "\n", encoding="utf-8")
    registry._loader._kept = {
        path: type(kept)(kept.loaded, kept.problem, kept.signature, float("-inf"))
        for path, kept in registry._loader._kept.items()
    }
    assert "no known key" in registry.in_use(BUNDLE).problem


def test_the_commands_make_a_key_and_sign_with_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "key"
    assert main(["bundle", "sign", str(folder), "--key", str(home)]) == 1
    assert "bundle key NAME" in capsys.readouterr().err
    assert main(["bundle", "key", "two words", str(home)]) == 1
    assert main(["bundle", "key", "lab.example", str(home)]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert (home / "signing.key").stat().st_mode & 0o077 == 0
    assert main(["bundle", "key", "lab.example", str(home)]) == 1
    assert main(["bundle", "sign", str(folder), "--key", str(home)]) == 0
    file = tmp_path / "publishers.pub"
    file.write_text(line + "\n", encoding="utf-8")
    assert describe(folder, Publishers(file).admit).name == BUNDLE
    (home / "signing.key").write_text("lab.example !!", encoding="utf-8")
    assert main(["bundle", "sign", str(folder), "--key", str(home)]) == 1
