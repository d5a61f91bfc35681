"""Verifying a ledger without trusting its owner: a database, or an export of one.

Needs the standard library and ``cryptography``: no database driver beyond sqlite3, no models.
"""

import sqlite3
from dataclasses import replace
from pathlib import Path

from overrides.errors import LedgerAltered, LedgerError, LedgerUnavailable
from overrides.examination import Examination, Trust
from overrides.export_rows import ExportRows, enclosed_keys, open_export
from overrides.findings import Finding, Findings, Verdict
from overrides.ledger_rows import DatabaseRows, Rows, logs_of, open_database

SAME_HOST = "signed by a key on the same host"
PINNED = "signed by a key that you gave"
ENCLOSED = "signed by the key that came with them"


def verify_rows(rows: Rows, trust: Trust) -> Findings:
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


def verify_export(directory: Path, trust: Trust) -> Findings:
    """Check an export. Without keys of your own the enclosed one is taken, which the words say.

    Raises ``LedgerUnavailable`` when there is no such folder.
    """
    if not directory.is_dir():
        raise LedgerUnavailable(cause=f"there is no folder {directory}")
    try:
        if not trust.keys:
            trust = replace(trust, keys=enclosed_keys(directory), keys_from=ENCLOSED)
        export, found = open_export(directory, trust.keys)
        findings = verify_rows(ExportRows(directory, export), trust)
    except (LedgerError, OSError, ValueError) as broken:
        finding = Finding(Verdict.ALTERED, f"the export cannot be read: {broken}")
        return Findings(log="", size=0, root=b"", found=(finding,))
    return replace(findings, found=(*found, *findings.found))
