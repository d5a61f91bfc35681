"""Houses share the proof of a bundle, and nothing that a test could change."""

from pathlib import Path

import pytest

from explain.errors import FileAltered
from tests.decision_service.desk_house import BUNDLE, spoiled_copy
from tests.proven_once import KeepingLoader
from tests.sample_models.trained import sample_bundles


def test_a_bundle_proven_before_is_the_loaders_own_and_asks_the_same_process() -> None:
    one, other = (KeepingLoader().prove(sample_bundles() / BUNDLE) for _ in range(2))
    assert one.bundle is not other.bundle
    assert one.bundle.parts_in_memory() == other.bundle.parts_in_memory()
    assert (one.model, one.rules) == (other.model, other.rules)


def test_a_bundle_read_before_says_where_it_lies_now_and_is_as_it_was_first(
    tmp_path: Path,
) -> None:
    first = KeepingLoader().prove(sample_bundles() / BUNDLE).bundle
    first.warm()
    folder = spoiled_copy(tmp_path / "bundle")
    again, told = KeepingLoader().prove(folder).bundle, KeepingLoader().described(folder)
    assert again.directory == told.directory == folder
    assert again.sha256 == told.sha256 == first.sha256
    assert not again.at_once
    assert "likeness" not in vars(again)


def test_a_file_that_was_altered_after_the_proof_is_still_refused(tmp_path: Path) -> None:
    folder = spoiled_copy(tmp_path / "bundle")
    KeepingLoader().prove(folder)
    (folder / "reference.csv").write_bytes((folder / "reference.csv").read_bytes() + b"\n")
    with pytest.raises(FileAltered):
        KeepingLoader().prove(folder)
    with pytest.raises(FileAltered):
        KeepingLoader().described(folder)
