"""What an appeal changes in the standing of its case: who is shut out, and by when it is due."""

import json
from collections.abc import Mapping
from typing import Any

from overrides.journal import Event


def clock_of(appeal: Mapping[str, Any]) -> dict[str, Any]:
    """The applicant waits for an answer, by law or by the lender's own word."""
    until = appeal["answer_by"]
    limit = until if appeal["by_law"] else None
    return {"due_at": until, "limit_at": limit, "target_at": until}


def contested(standing: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """The appeal itself, its clock, and everybody who may not decide: those before stay so."""
    told = event.data["appeal"]
    held = {"event_id": event.event_id, "seq": event.seq}
    held |= {name: told[name] for name in ("answer_by", "by_law", "excludes")}
    kept = json.loads(standing["excluded"])
    added = [person for person in told["excludes"] if person not in kept]
    return {
        "appeal": json.dumps(held),
        "excluded": json.dumps([*kept, *added]),
        **clock_of(told),
    }
