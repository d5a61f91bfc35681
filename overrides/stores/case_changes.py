"""What changed of the cases, for the lender's own system; not what nobody outside is told."""

from sqlalchemy import Connection, and_, case, or_, select

from overrides.event_kinds import REVIEW_DATE_KINDS
from overrides.reading import ChangeRow
from overrides.stores.case_rows import change_row
from overrides.stores.case_tables import ACTS, DECISIONS, FILES

_CHANGES = select(
    ACTS, FILES.c.bundle, FILES.c.simulated, DECISIONS.c.event_id.label("decision_event")
).select_from(
    ACTS.join(FILES, FILES.c.case_ref == ACTS.c.case_ref).join(
        DECISIONS, DECISIONS.c.decision_id == ACTS.c.decision_id
    )
)
_NO_CHANGES = (
    "case_claimed",
    "case_released",
    "reasons_shown",
    "reason_questioned",
    "what_if_tried",
    "first_view_recorded",
    *REVIEW_DATE_KINDS,
)
_ENDED, _UNDOING = ACTS.alias("ended"), ACTS.alias("undoing")
_DECIDING = ("review_recorded", "override_recorded", "approval_recorded")
# A decision that was undone, the act that came to it (its entry is the one before), and what undid
# it are told to nobody outside. A proposal is another act than the verdict that came to a decision.
_STANDS = ~or_(
    and_(ACTS.c.type == "case_reopened", ACTS.c.about.is_not(None)),
    and_(
        ACTS.c.type.in_(("case_decided", *_DECIDING)),
        select(_UNDOING.c.seq)
        .join(_ENDED, _UNDOING.c.about == _ENDED.c.event_id)
        .where(
            _ENDED.c.log == ACTS.c.log,
            _ENDED.c.seq == case((ACTS.c.type == "case_decided", ACTS.c.seq), else_=ACTS.c.seq + 1),
            _ENDED.c.case_ref == ACTS.c.case_ref,
            _ENDED.c.type == "case_decided",
            _UNDOING.c.case_ref == ACTS.c.case_ref,
            _UNDOING.c.type == "case_reopened",
        )
        .exists(),
    ),
)


def changes(connection: Connection, log: str, after: int, limit: int) -> tuple[ChangeRow, ...]:
    """What changed after a place, in order, and at most so much of it."""
    query = _CHANGES.where(
        ACTS.c.log == log, ACTS.c.seq > after, ACTS.c.type.not_in(_NO_CHANGES), _STANDS
    )
    found = connection.execute(query.order_by(ACTS.c.seq).limit(limit))
    return tuple(change_row(row) for row in found.mappings())
