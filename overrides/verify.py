"""Verifying a ledger in its own database. Exports are checked by ``countermand_verify``.

Needs the standard library and ``cryptography``: no database driver beyond sqlite3, no models.
"""

import sqlite3
from dataclasses import replace
from pathlib import Path

from overrides.countermand_verify import Finding, Findings, Verdict
from overrides.errors import LedgerAltered, LedgerUnavailable
from overrides.examination import Examination, Trust
from overrides.ledger_rows import DatabaseRows, logs_of, open_database

SAME_HOST = "signed by a key on the same host"


def verify_rows(rows: DatabaseRows, trust: Trust) -> Findings:
    """Check every entry, the tree, the checkpoints and the personal parts of one log."""
    examination = Examination(rows, trust)
    for step in (
        examination.read_notes,
        examination.read_entries,
        examination.compare_head,
        examination.compare_subtrees,
        examination.compare_notes,
        examination.explain_gaps,
    ):
        try:
            step()
        except LedgerAltered as altered:
            place = altered.seq if altered.seq >= 0 else None
            examination.tell(Verdict.ALTERED, altered.finding, place)
    return examination.findings()


def verify_database(path: Path, trust: Trust, *, log: str | None = None) -> Findings:
    """Check a SQLite database; ``log`` may be left out when it holds one.

    Raises ``LedgerUnavailable`` when there is no such file or log.
    """
    if not path.is_file():
        raise LedgerUnavailable(cause=f"there is no database {path}")
    try:
        with open_database(path) as connection:
            logs = logs_of(connection)
            if log is None and len(logs) == 1:
                log = logs[0]
            if log not in logs:
                raise LedgerUnavailable(cause=f"it has the logs {', '.join(logs) or 'none'}")
            findings = verify_rows(DatabaseRows(connection, str(log)), trust)
            return replace(findings, has_projections=True)
    except sqlite3.DatabaseError as broken:
        found = (Finding(Verdict.ALTERED, f"the database cannot be read: {broken}"),)
        return Findings(log=log or "", size=0, root=b"", found=found)
