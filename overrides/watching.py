"""Watching whether a model's matured outcomes still fit its scores, month by month, on the record.

What is looked for is declared before anything is seen: only cohorts that close after the
declaration count, each once, as it stood at the look. When the e-process (see
``overrides.analysis.sequential``) crosses its bound, retraining is proposed on a named set.
"""

from collections.abc import Sequence
from datetime import datetime

from overrides.analysis.sequential import e_value, together, with_cohort
from overrides.authority import check_role
from overrides.journal import Decided, Draft, Json, Slot
from overrides.signing_off import NOTE_PARTY
from overrides.values import Actor, NewId, Role
from overrides.watches import Cohort, Plan, Statistic, Watch, Watches
from overrides.watching_errors import WatchRuns

DECLARERS = frozenset({Role.MODEL_OWNER, Role.RISK, Role.COMPLIANCE})


def decide_watch(
    watches: Watches,
    actor: Actor,
    version: tuple[str, str],
    plan: Plan,
    now: datetime,
    new_id: NewId,
    note: str = "",
) -> Decided:
    """Declare what is watched of a version (name and hash); raises ``NoAuthority``, ``WatchRuns``.

    One declaration for each version, so that nobody tries again until something is found.
    """
    check_role(actor, DECLARERS)
    name, sha256 = version
    if any(one.sha256 == sha256 for one in watches.known.get(name, ())):
        raise WatchRuns(name)
    data: dict[str, Json] = {
        "name": name,
        "sha256": sha256,
        "statistics": [one.value for one in plan.statistics],
        "odds": repr(plan.odds),
        "shock": repr(plan.shock),
        "alarm": repr(plan.alarm),
        "lag_months": plan.lag_months,
        "window_months": plan.window_months,
        "first": f"{plan.first(now):%Y-%m}",
    }
    slots = (Slot("note", NOTE_PARTY, {"text": note.strip()}),) if note.strip() else ()
    return Decided((_draft("watch_declared", actor, data, new_id, slots),))


def decide_look(
    watches: Watches, actor: Actor, watch: Watch, cohort: Cohort, new_id: NewId
) -> Decided:
    """Look at one month's loans; nothing is recorded where they were looked at before."""
    held = watches.held(watch.name)
    if held is None or held.event_id != watch.event_id or held.next_month != cohort.month:
        return Decided(())
    plan, outcomes = held.plan, cohort.outcomes
    sums = {
        statistic.value: with_cohort(
            _sums_before(held, statistic), outcomes, plan.changes(statistic), plan.shock
        )
        for statistic in plan.statistics
    }
    value = together([e_value(one) for one in sums.values()])
    data: dict[str, Json] = {
        "name": held.name,
        "of": held.event_id,
        "month": f"{cohort.month:%Y-%m}",
        "loans": len(outcomes),
        "bad": sum(bad for _, bad in outcomes),
        "expected": f"{sum(chance for chance, _ in outcomes):.4f}",
        "left_out": cohort.left_out,
        "sums": {name: [repr(one) for one in each] for name, each in sums.items()},
        "e_value": repr(value),
        "fires": value >= 1 / plan.alarm,
    }
    return Decided((_draft("watch_looked", actor, data, new_id, cause=(held.event_id,)),))


def decide_proposal(
    watches: Watches,
    actor: Actor,
    watch: Watch,
    made: tuple[str, str, int],
    new_id: NewId,
) -> Decided:
    """Propose retraining on a set: its manifest's hash, its folder, its rows. Once for a watch."""
    held = watches.held(watch.name)
    if held is None or held.event_id != watch.event_id or held.proposal or held.alarm is None:
        return Decided(())
    manifest_sha256, folder, rows = made
    data: dict[str, Json] = {
        "name": held.name,
        "of": held.event_id,
        "look": held.alarm.event_id,
        "manifest_sha256": manifest_sha256,
        "folder": folder,
        "rows": rows,
    }
    cause = (held.event_id, held.alarm.event_id)
    return Decided((_draft("retraining_proposed", actor, data, new_id, cause=cause),))


def _sums_before(watch: Watch, statistic: Statistic) -> Sequence[float]:
    """What the looks so far add up to, as it was recorded."""
    if watch.looks:
        return watch.looks[-1].sums[statistic.value]
    return [0.0] * len(watch.plan.changes(statistic))


def _draft(
    kind: str,
    actor: Actor,
    data: dict[str, Json],
    new_id: NewId,
    slots: tuple[Slot, ...] = (),
    cause: tuple[str, ...] = (),
) -> Draft:
    """The entry."""
    return Draft(
        event_id=new_id(),
        type=kind,
        actor=actor.ref,
        role=actor.role.value,
        data=data,
        cause=cause,
        slots=slots,
    )
