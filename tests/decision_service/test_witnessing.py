"""What an auditor remembers of an export is what was checked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from decision_service.witnessing import Look
from overrides.countermand_verify import CHECKPOINT, Findings, Memory, check_export
from overrides.notes import Signer
from overrides.witness import Outcome
from tests.forging import checkpoint_over, forged_export, short_ledger
from tests.golden.drafts import GOLDEN
from tests.ledgers import LOG

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("exchanged", [False, True])
def test_an_end_that_is_exchanged_after_the_check_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exchanged: bool
) -> None:
    own, other = Signer(LOG, b"a" * 32), Signer("other.example/ledger", b"b" * 32)
    bodies, folder = short_ledger(LOG, GOLDEN), tmp_path / "export"
    forged_export(folder, own, bodies, log=LOG)

    def checked(directory: Path, memory: Memory) -> Findings:
        found = check_export(directory, memory)
        if exchanged:
            (directory / CHECKPOINT).write_text(checkpoint_over(other, bodies))
        return found

    monkeypatch.setattr("overrides.countermand_verify.check_export", checked)
    seen = Look(None, [own.key], NOW).at_export(folder)
    assert (seen.sighting is None) == exchanged
    outcome = Outcome.ALTERED if exchanged else Outcome.CONSISTENT
    assert seen.judgement.outcome == outcome
