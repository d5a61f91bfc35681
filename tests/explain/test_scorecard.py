"""A skops file may hold a scorecard and nothing else; nothing in it ever runs."""

import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import skops.io
from sklearn.linear_model import SGDClassifier

from explain.bundle import load
from explain.declared.bundle_files import seal
from explain.errors import FileTooLarge, UnsafeModelFile
from explain.libraries.column_rules import Listed, Scaled, Sloped, StepError
from explain.libraries.linear_models import LINEAR_TYPES
from explain.libraries.skops_files import read_skops
from explain.scorecard import LinearCard
from explain.values import Row
from tests.sample_models.trained import sample_bundles


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """What pickle calls on loading."""
        return Path.write_text, (self.path, "it ran")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the scorecard bundle that a test may spoil."""
    copy = tmp_path / "german-scorecard"
    return Path(shutil.copytree(sample_bundles() / "german-scorecard", copy))


def with_schema(content: bytes, change: str, to: str) -> bytes:
    """The archive with a piece of its schema replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as fresh:
        for name in given.namelist():
            member = given.read(name)
            if name == "schema.json":
                assert change.encode() in member
                member = member.replace(change.encode(), to.encode())
            fresh.writestr(name, member)
    return out.getvalue()


def test_a_pickle_in_place_of_the_model_is_refused_and_never_runs(
    folder: Path, tmp_path: Path
) -> None:
    sprung = tmp_path / "canary"
    (folder / "model.skops").write_bytes(pickle.dumps(Canary(sprung)))
    seal(folder, "german-scorecard")
    with pytest.raises(UnsafeModelFile, match="no skops archive"):
        load(folder)
    assert not sprung.exists()


def test_a_pickle_inside_a_skops_archive_is_refused_and_never_runs(
    folder: Path, tmp_path: Path
) -> None:
    sprung = tmp_path / "canary"
    archive = io.BytesIO()
    reduce = {
        "__class__": "Canary",
        "__module__": "canary",
        "__loader__": "ReduceNode",
        "file": "canary.pkl",
    }
    with zipfile.ZipFile(archive, "w") as fresh:
        fresh.writestr("schema.json", json.dumps({**reduce, "protocol": 2}))
        fresh.writestr("canary.pkl", pickle.dumps(Canary(sprung)))
    (folder / "model.skops").write_bytes(archive.getvalue())
    seal(folder, "german-scorecard")
    with pytest.raises(UnsafeModelFile, match=r"canary\.Canary"):
        load(folder)
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("change", "to", "named"),
    [
        ('"LogisticRegression"', '"SGDClassifier"', "SGDClassifier"),
        ('"sklearn.pipeline"', '"os"', "os.Pipeline"),
        ('"ObjectNode"', '"MethodNode"', "MethodNode"),
    ],
)
def test_a_type_that_is_not_on_the_list_is_named_and_nothing_is_loaded(
    folder: Path, change: str, to: str, named: str
) -> None:
    model = folder / "model.skops"
    model.write_bytes(with_schema(model.read_bytes(), change, to))
    seal(folder, "german-scorecard")
    with pytest.raises(UnsafeModelFile, match=named):
        load(folder)


def test_a_type_skops_itself_trusts_is_refused_when_a_scorecard_has_no_use_for_it() -> None:
    with pytest.raises(UnsafeModelFile, match="SGDClassifier"):
        read_skops(skops.io.dumps(SGDClassifier()), "model.skops", LINEAR_TYPES)


def test_a_small_file_that_unpacks_to_much_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as fresh:
        fresh.writestr("schema.json", b"0" * (65 * 1024 * 1024))
    assert len(archive.getvalue()) < 1024 * 1024
    with pytest.raises(FileTooLarge):
        read_skops(archive.getvalue(), "model.skops", LINEAR_TYPES)


def test_a_card_adds_up_slopes_and_points_and_knows_its_means() -> None:
    card = LinearCard(
        1.0, {"a": Sloped((Scaled(10.0, 1.0),), 2.0), "b": Listed((), {"x": 0.5, "y": -0.5})}
    )
    first: Row = {"a": 11.0, "b": "x"}
    second: Row = {"a": 13.0, "b": "y"}
    assert card.amounts(first) == [2.0, 0.5]
    assert card.score(first) == 3.5
    assert card.means([first, second]) == [4.0, 0.0]


def test_a_missing_number_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(StepError):
        Sloped((), 1.0).amount(None)
    with pytest.raises(KeyError):
        Listed((), {"x": 1.0}).amount(None)
