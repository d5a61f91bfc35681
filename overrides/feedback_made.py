"""Feedback sets that were made, as the ledger knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackExportRow:
    """A feedback set that was made."""

    seq: int
    at: datetime
    actor: str
    bundle: str
    folder: str
    manifest_sha256: str
    rows: int
    counts: Mapping[str, int]
    as_of: str
    purpose: str
    erasure_epoch: int
