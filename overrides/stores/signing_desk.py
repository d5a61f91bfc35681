"""Requests to the signer and its reports, in tables. A ``SigningDesk`` over one log."""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, delete, insert, select, update

from overrides.instants import instant_text, parse_instant
from overrides.signing_desk import Answer, Report, Wanted
from overrides.stores.engine import reading, writing
from overrides.stores.signing_tables import SignerReport, SigningRequest

_REPORTS = SignerReport.__table__  # type: ignore[attr-defined]
_REQUESTS = SigningRequest.__table__  # type: ignore[attr-defined]
WANTED_MAX = 100


class SqlSigningDesk:
    """The desk of one log."""

    def __init__(self, engine: Engine, *, log: str) -> None:
        self._engine = engine
        self._log = log

    def ask(self, wanted: Wanted, at: datetime) -> None:
        """Leave a request."""
        row = {"log": self._log, "request_id": wanted.request_id, "asked_at": instant_text(at)}
        with writing(self._engine) as connection:
            connection.execute(
                insert(_REQUESTS), row | {"text": wanted.text, "note": "", "refusal": ""}
            )

    def answer(self, request_id: str) -> Answer | None:
        """The answer, if there is one."""
        query = select(_REQUESTS.c.note, _REQUESTS.c.refusal).where(*self._one(request_id))
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return Answer(*row) if row is not None and any(row) else None

    def withdraw(self, request_id: str) -> None:
        """Take a request and its answer away."""
        with writing(self._engine) as connection:
            connection.execute(delete(_REQUESTS).where(*self._one(request_id)))

    def wanted(self) -> list[Wanted]:
        """Requests without an answer, oldest first."""
        query = (
            select(_REQUESTS.c.request_id, _REQUESTS.c.text)
            .where(_REQUESTS.c.log == self._log, _REQUESTS.c.note == "", _REQUESTS.c.refusal == "")
            .order_by(_REQUESTS.c.asked_at, _REQUESTS.c.request_id)
            .limit(WANTED_MAX)
        )
        with reading(self._engine) as connection:
            return [Wanted(*row) for row in connection.execute(query)]

    def settle(self, request_id: str, answer: Answer) -> None:
        """Answer a request."""
        change = update(_REQUESTS).where(*self._one(request_id))
        with writing(self._engine) as connection:
            connection.execute(change.values(note=answer.note, refusal=answer.refusal))

    def report(self, report: Report) -> None:
        """Leave word of the signer."""
        told = {
            "home": report.home,
            "reported_at": instant_text(report.at),
            "standing": report.standing,
            "signed_size": report.signed_size,
            "problem": report.problem,
        }
        own = _REPORTS.c.log == self._log
        with writing(self._engine) as connection:
            if not connection.execute(update(_REPORTS).where(own).values(told)).rowcount:
                connection.execute(insert(_REPORTS), told | {"log": self._log})

    def last_report(self) -> Report | None:
        """What the signer last said of itself."""
        columns = ("home", "reported_at", "standing", "signed_size", "problem")
        query = select(*(_REPORTS.c[name] for name in columns)).where(_REPORTS.c.log == self._log)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else Report(row[0], parse_instant(row[1]), *row[2:])

    def _one(self, request_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The row of one request."""
        return _REQUESTS.c.log == self._log, _REQUESTS.c.request_id == request_id
