"""How often people were shown each reason of a model, and how often one surprised them."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection, Select, literal_column, select

from overrides.statistics import Share
from overrides.stores.case_rows import event_in
from overrides.stores.case_tables import FILES
from overrides.stores.reading import EVENTS
from overrides.surprises import Surprise, Surprises


def surprises(connection: Connection, log: str, bundle: str, limit: int) -> Surprises:
    """Of the latest ``limit`` times that reasons were shown, which of them surprised somebody.

    One person looking at one decision counts once, whatever they asked how often. What was shown
    before reasons were named in the entry is left out.
    """
    shown: dict[tuple[str, str], frozenset[str]] = {}
    simulated = False
    for body, played in connection.execute(_latest(log, bundle, "reasons_shown", limit)):
        data = event_in(body).data
        if data.get("concepts"):
            shown[data["person"], data["decision_id"]] = frozenset(data["concepts"])
            simulated |= bool(played)
    of = Counter(concept for concepts in shown.values() for concept in concepts)
    asked = set()
    for body, _ in connection.execute(_latest(log, bundle, "reason_questioned", limit)):
        data = event_in(body).data
        if data["concept"] in shown.get((data["person"], data["decision_id"]), ()):
            asked.add((data["person"], data["decision_id"], data["concept"]))
    counted = Counter(concept for _, _, concept in asked)
    return Surprises(
        times=len(shown),
        simulated=simulated,
        by_concept=tuple(
            Surprise(concept, Share(counted[concept], count))
            for concept, count in sorted(of.items())
        ),
    )


def _latest(log: str, bundle: str, kind: str, limit: int) -> Select[Any]:
    """Entries of one kind on cases of a bundle, the newest first."""
    return (
        select(EVENTS.c.body, FILES.c.simulated)
        .join(FILES, FILES.c.case_ref == EVENTS.c.case_ref)
        .where(
            EVENTS.c.log == log,
            EVENTS.c.type == literal_column(f"'{kind}'"),
            FILES.c.bundle == bundle,
        )
        .order_by(EVENTS.c.seq.desc())
        .limit(limit)
    )
