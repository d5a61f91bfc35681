"""The cases of each bundle as columns, kept in step with the ledger by what is new in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from decision_service.errors import NotReady
from overrides.labels import OutcomeDefinition
from overrides.ledger import LedgerBook
from overrides.reading import CaseBook

if TYPE_CHECKING:
    from decision_service.case_columns import CaseColumns

WAIT_SECONDS = 20.0
WAITING_FOR = "the cases are being read for the first time since it started; look again later"


@dataclass(slots=True)
class _Kept:
    """The columns of one bundle, as they stood when the ledger had ``size`` entries."""

    turn: Lock = field(default_factory=Lock)
    columns: "CaseColumns | None" = None
    size: int = 0


class KeptCases:
    """The columns of each bundle whose numbers somebody asked for; made anew after a start."""

    def __init__(self) -> None:
        self._bundles: dict[str, _Kept] = {}
        self._adding = Lock()

    @contextmanager
    def now(
        self,
        bundle: str,
        definition: OutcomeDefinition,
        cases: CaseBook,
        ledger: LedgerBook,
        now: datetime,
    ) -> Iterator["CaseColumns"]:
        """The cases of a bundle as they stand, nobody else's turn meanwhile.

        An entry is taken in when its case is read again, and so is a case whose label changes by
        time alone. Another definition of good and bad makes all of it anew. Raises ``NotReady``
        where somebody else's turn takes long.
        """
        from decision_service.case_columns import CaseColumns  # numpy: not where a service starts

        with self._adding:
            kept = self._bundles.setdefault(bundle, _Kept())
        if not kept.turn.acquire(timeout=WAIT_SECONDS):
            raise NotReady(waiting_for=WAITING_FOR)
        try:
            size = ledger.head().size
            newest = ledger.entry(size - 1) if size else None
            as_of = max(now, newest.recorded_at) if newest else now
            columns = kept.columns
            if columns is None or columns.definition != definition:
                facts = cases.board_facts(as_of, bundle=bundle)
                columns = CaseColumns.of(facts, definition, as_of)
            else:
                as_of = max(as_of, columns.as_of)
                kept.columns = None  # and stays so if this fails half way
                new = cases.touched(kept.size, size).union(columns.changing(as_of))
                columns.take(cases.facts_of(sorted(new), as_of, bundle), as_of)
            kept.columns, kept.size = columns, size
            yield columns
        finally:
            kept.turn.release()
