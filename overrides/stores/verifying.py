"""Verifying the ledger through an engine that is open already, SQLite or PostgreSQL."""

from dataclasses import replace

from sqlalchemy import Engine

from overrides.countermand_verify import Findings
from overrides.examination import Trust
from overrides.ledger_rows import DatabaseRows
from overrides.stores.engine import reading
from overrides.verify import verify_rows


def verify_engine(engine: Engine, *, log: str, trust: Trust) -> Findings:
    """Check one log as it stands at this moment; writers go on meanwhile."""
    placeholder = "?" if engine.dialect.name == "sqlite" else "%s"
    with reading(engine) as connection:
        raw = connection.connection.driver_connection
        findings = verify_rows(DatabaseRows(raw, log, placeholder=placeholder), trust)
    return replace(findings, has_projections=True)
