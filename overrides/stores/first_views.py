"""What people said of cases before they saw what the model makes of them."""

from datetime import datetime

from sqlalchemy import Connection, literal_column, select

from overrides.first_views import FIRST_VIEW, StatedView, View
from overrides.instants import instant_text
from overrides.stores.case_rows import event_in
from overrides.stores.case_tables import ACTS, DECISIONS, FILES
from overrides.stores.reading import EVENTS
from overrides.values import Recommendation


def first_views(
    connection: Connection, log: str, bundle: str, as_of: datetime, limit: int
) -> tuple[StatedView, ...]:
    """The latest ``limit`` of them on cases of a bundle by then, the newest first."""
    query = (
        select(EVENTS.c.body, DECISIONS.c.recommendation)
        .join(ACTS, (ACTS.c.log == EVENTS.c.log) & (ACTS.c.seq == EVENTS.c.seq))
        .join(DECISIONS, DECISIONS.c.decision_id == ACTS.c.decision_id)
        .join(FILES, FILES.c.case_ref == EVENTS.c.case_ref)
        .where(
            EVENTS.c.log == log,
            EVENTS.c.type == literal_column(f"'{FIRST_VIEW}'"),
            EVENTS.c.recorded_at <= instant_text(as_of),
            FILES.c.bundle == bundle,
        )
        .order_by(EVENTS.c.seq.desc())
        .limit(limit)
    )
    found = ((event_in(body), advice) for body, advice in connection.execute(query))
    return tuple(
        StatedView(
            case_ref=event.case or "",
            person=event.actor,
            view=View(event.data["view"]),
            advice=Recommendation(advice),
        )
        for event, advice in found
    )
