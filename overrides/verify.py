"""Verifying a ledger in its own database. Exports are checked by ``countermand_verify``.

Needs the standard library and ``cryptography``: no database driver beyond sqlite3, no models.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from overrides.countermand_verify import (
    Finding,
    Findings,
    Told,
    Verdict,
    place_of,
    stamp_words,
    stamps_unchecked,
)
from overrides.errors import LedgerAltered, LedgerUnavailable
from overrides.examination import Examination, Trust
from overrides.keyfiles import has_signer
from overrides.ledger_rows import DatabaseRows, logs_of, open_database
from overrides.notes import claimed_checkpoint
from overrides.stamps import examine, seen_by

WAL_MARK = b"\x02\x02"  # in the header of a SQLite file that is written to by way of a log
HALF = (
    "If this is a copy that was taken while the ledger was in use, without the file that ends in"
    " -wal, then its newest entries are not in it: 'countermand db backup' takes whole copies."
)
SAME_HOST = "signed by a key on the same host"
APART = "signed by a key that this installation can check with and does not hold"


def whose_key(keys: Path) -> str:
    """In words, who holds the key that signs, for an installation with its keys in a folder."""
    return SAME_HOST if has_signer(keys) else APART


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
        lambda: _find_put_back(examination),
    ):
        try:
            step()
        except LedgerAltered as altered:
            place = altered.seq if altered.seq >= 0 else None
            examination.tell(Verdict.ALTERED, altered.finding, place)
    return _with_stamps(_with_others(examination.findings(), rows), rows, trust)


def _find_put_back(examination: Examination) -> None:
    """What an entry says was erased must not lie here, with its key, all the same."""
    erased = examination.erasures.places
    for seq, event_id, slot in examination.rows.kept() if erased else ():
        if (erasure := erased.get(place_of(str(event_id), str(slot)))) is not None:
            text = f"its personal part {slot} lies here with its key, and entry {erasure} says"
            text = f"{text} that it was erased: it was put back from a copy"
            examination.tell(Verdict.ALTERED, text, seq)


def _with_others(findings: Findings, rows: DatabaseRows) -> Findings:
    """The findings with which other logs there are. Entries of no ledger are nobody's."""
    found, named = [], []
    for name, has_head in rows.others():
        if has_head:
            named.append(name)
        else:
            text = f"entries lie here under the name {name[:80]}, and there is no such ledger"
            found.append(Finding(Verdict.ALTERED, f"{text}: somebody put them there"))
    read = f"The database holds other ledgers too, which were not read: {', '.join(named)}."
    said = (*findings.checked, read) if named else findings.checked
    return replace(findings, found=(*findings.found, *found), checked=said)


def _with_stamps(findings: Findings, rows: DatabaseRows, trust: Trust) -> Findings:
    """The findings with what time stamps show. They are over checkpoints that were checked."""
    try:
        stamps = list(rows.stamps())
    except LedgerAltered as altered:
        wrong = Finding(Verdict.ALTERED, altered.finding)
        return replace(findings, found=(*findings.found, wrong))
    if not stamps or trust.authority is None:
        unchecked = (stamps_unchecked(len(stamps)),) if stamps else ()
        return replace(findings, checked=(*findings.checked, *unchecked))
    own = {stamp.note for stamp in stamps}.intersection(rows.notes())
    here = [s for s in stamps if s.note in own and claimed_checkpoint(s.note).size == s.size]
    held, found = examine(here, trust.authority)
    told, said = Told(), []
    for stamp, word in held:
        last = rows.recorded_at(stamp.size - 1)
        if seen_by(word).can_be(stamp.size, last, trust.now, told):
            said.append(stamp_words(stamp.size, word.at, word.by))
    if lost := len(stamps) - len(here):
        text = f"{lost:,} time stamps are over what is no checkpoint of its own"
        found.append(Finding(Verdict.ALTERED, text))
    checked = (*findings.checked, *said)
    return replace(findings, checked=checked, found=(*findings.found, *found, *told.all()))


def verify_database(path: Path, trust: Trust, *, log: str | None = None) -> Findings:
    """Check a SQLite database; ``log`` may be left out when it holds one.

    Raises ``LedgerUnavailable`` when there is no such file or log.
    """
    if not path.is_file():
        raise LedgerUnavailable(cause=f"there is no database {path}")
    perhaps_half = tuple(_perhaps_half(path))  # before it is opened, which makes such a file
    try:
        with open_database(path) as connection:
            logs = logs_of(connection)
            if log is None and len(logs) == 1:
                log = logs[0]
            if log not in logs:
                raise LedgerUnavailable(cause=f"it has the logs {', '.join(logs) or 'none'}")
            findings = verify_rows(DatabaseRows(connection, str(log)), trust)
            checked = (*findings.checked, *perhaps_half)
            return replace(findings, checked=checked, has_projections=True)
    except sqlite3.DatabaseError as broken:
        if "no such table" in str(broken):
            finding = Finding(Verdict.INCOMPLETE, f"there is no ledger in {path.name}. {HALF}")
        else:
            text = f"the database cannot be read ({broken}). {HALF}"
            finding = Finding(Verdict.ALTERED, text)
        return Findings(log=log or "", size=0, root=b"", found=(finding,))


def _perhaps_half(path: Path) -> Iterator[str]:
    """What is to be said of a file whose newest entries may lie in another that is not here."""
    with path.open("rb") as file:
        kept_with_wal = file.read(20)[18:20] == WAL_MARK
    if kept_with_wal and not path.with_name(f"{path.name}-wal").exists():
        yield f"No file {path.name}-wal lies beside it, as one does while it is in use. {HALF}"
