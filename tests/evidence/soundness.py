"""Whether a ledger is whole: by SQLite's own check, the product's verifier, and a rebuild."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

from sqlalchemy import Engine, select

from overrides.examination import Trust
from overrides.notes import Signer
from overrides.signing import sign_checkpoint
from overrides.stores.case_tables import TABLES
from overrides.stores.engine import reading
from overrides.stores.rebuild import rebuild
from overrides.stores.verifying import verify_engine
from tests.evidence.office import LOG, Office, open_office, vault_of
from tests.evidence.tasks import Tasks

SIGNER = Signer(LOG, bytes(32))


def malformed(path: Path) -> str:
    """What SQLite's own check says against a database, "" for nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found: str = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as broken:
        return str(broken)
    return "" if found == "ok" else f"quick_check: {found}"


def unsound(path: Path) -> str:
    """What is wrong with a SQLite database that nobody has open, "" when nothing is."""
    if broken := malformed(path):
        return broken
    try:
        with open_office(f"sqlite:///{path}", Random(1)) as office:
            return examined(office)
    except Exception as failure:  # noqa: BLE001 - a broken database can fail anywhere
        return f"{type(failure).__name__}: {failure}"


def examined(office: Office) -> str:
    """What the product's verifier has to say against the ledger, "" for nothing."""
    sign_checkpoint(office.book, SIGNER, office.clock)
    trust = Trust(keys=[SIGNER.key], keys_from="the evidence", vault=vault_of(Random(0)))
    found = verify_engine(office.engine, log=LOG, trust=trust)
    return "; ".join(map(str, found.found))


def stale_tables(office: Office) -> str:
    """Tables that are not what the entries lead to, "" for none. Leaves them as they should be."""
    before = _rows(office.engine)
    rebuild(office.engine, log=LOG, vault=office.vault, projectors=[office.projector])
    after = _rows(office.engine)
    return ", ".join(name for name in before if before[name] != after[name])


def _rows(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables of the cases; a count of nothing is no row."""
    with reading(engine) as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.c))
                if row._mapping.get("cases") != 0
            ]
            for table in TABLES
        }


def go_on(url: str, seed: int) -> str:
    """Open the ledger as the product does, write to it, and check all; what is wrong, or ""."""
    try:
        with open_office(url, Random(seed), grouped=bool(seed % 2)) as office:
            size = office.book.head().size
            tasks = Tasks(-1 - seed, office.new_id, office.vault.lookup_hash)
            for number, kind in enumerate(("apply", "view")):
                task = tasks.task(number, kind)
                office.journal.submit(task.command, once=task.once).result()
            if office.book.head().size != size + 2:
                return "what was written afterwards is not there"
            if found := examined(office):
                return found
            stale = stale_tables(office)
            return f"these tables are not those of the entries: {stale}" if stale else ""
    except Exception as failure:  # noqa: BLE001 - a broken database can fail anywhere
        return f"{type(failure).__name__}: {failure}"
