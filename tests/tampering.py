"""What somebody who owns the database can do to it: drop the guards and write what they like."""

import json

from sqlalchemy import Engine

from overrides.canonical import canonical
from overrides.merkle import Frontier, leaf_hash
from overrides.notes import Checkpoint, Signer
from overrides.stores.engine import writing
from overrides.stores.guards import install_guards
from tests.ledgers import LOG, NOON, TestLedger


def rewrite(engine: Engine, statements: str) -> None:
    """Carry out SQL past the guards, and put them back so that nothing shows."""
    with writing(engine) as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).scalars()
        for name in list(triggers):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in filter(str.strip, statements.split(";")):
            connection.exec_driver_sql(statement)
        install_guards(connection)


def changed(ledger: TestLedger, seq: int, **members: object) -> str:
    """SQL that gives an entry other members, with bytes and hash that fit each other."""
    body = canonical(json.loads(ledger.book.entries(seq, 1)[0].body) | members)
    return (
        f"UPDATE ledger_event SET body = x'{body.hex()}', leaf_hash = x'{leaf_hash(body).hex()}'"
        f" WHERE seq = {seq}"
    )


def forge(ledger: TestLedger, signer: Signer | None, *, keep: int, change: bool = True) -> None:
    """Write the ledger anew, whole and consistent, and sign it; ``keep`` entries stay.

    Without a signer the checkpoints stay as they were.
    """
    if change:
        column = "UPDATE ledger_event SET actor_ref = 'somebody else' WHERE seq = 9"
        rewrite(ledger.engine, f"{changed(ledger, 9, actor='somebody else')}; {column}")
    tree = Frontier()
    for entry in ledger.book.entries(0, keep):
        tree.append(leaf_hash(entry.body))
    last = f"(SELECT recorded_at FROM ledger_event WHERE seq = {keep - 1})"
    rewrite(
        ledger.engine,
        f"""
        DELETE FROM ledger_event WHERE seq >= {keep};
        DELETE FROM ledger_payload WHERE seq >= {keep};
        UPDATE ledger_head SET size = {keep}, root = x'{tree.root().hex()}',
            frontier = x'{tree.to_bytes().hex()}', last_ts = {last}
        """,
    )
    if signer is not None:
        rewrite(ledger.engine, "DELETE FROM ledger_checkpoint")
        note = signer.sign(Checkpoint(LOG, keep, tree.root()).text)
        ledger.book.save_checkpoint(keep, note, NOON)
