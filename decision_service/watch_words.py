"""A watch in words: what was declared, what each month's look saw, and what came of it."""

from collections.abc import Mapping
from typing import Any

from decision_service.board import NOT_ENOUGH
from overrides.watches import LOANS_MIN, Look, Watch
from ui.views import BoardSection

Table = tuple[tuple[str, ...], ...]

HEADING = ("Loans decided in", "Counted", "Went bad", "Expected", "Left out", "E-value", "State")
QUIET, FIRED = "Nothing found", "Scores no longer fit"
NEVER = (
    "Nobody declared what is watched of this model's outcomes: 'countermand bundle watch' does so."
)
WHAT_COUNTS = (
    "Counted are loans approved as recommended, and those that chance let in, each month once, as "
    "it stood at the look. Left out: approvals whose outcome was not known by then."
)
TITLE = "Watched month by month"


def watch_words(watch: Watch | None) -> str:
    """What was declared, and how it stands."""
    if watch is None:
        return NEVER
    plan = watch.plan
    named = " and ".join(one.value for one in plan.statistics)
    said = (
        f"Watched since {watch.at:%Y-%m-%d} (entry {watch.seq:,}): {named}, by an e-process that "
        f"alarms falsely with a chance of at most {plan.alarm:.0%} however often it is looked at, "
        f"as long as a month's loans share shocks of no more than {plan.shock:g} in log-odds. "
        f"Looked for are odds of going bad {plan.odds:g} times as high or low. A month counts "
        f"{plan.lag_months} months after the window of {plan.window_months}. {WHAT_COUNTS}"
    )
    return f"{said} {standing_words(watch)}"


def standing_words(watch: Watch) -> str:
    """How it stands now."""
    coming = f"The next look is on {watch.plan.closes(watch.next_month):%Y-%m-%d}."
    if watch.alarm is not None:
        look = watch.alarm
        fired = (
            f"{FIRED}: on {look.at:%Y-%m-%d} the e-value was {look.e_value:.1f}, at least "
            f"{1 / watch.plan.alarm:.0f} (entry {look.seq:,})."
        )
        return f"{fired} {_proposed(watch)}"
    if watch.loans < LOANS_MIN:
        return f"{NOT_ENOUGH}: {watch.loans} loans were counted. {coming}"
    return f"{QUIET} in {watch.loans:,} loans. {coming}"


def watch_table(watch: Watch | None) -> Table:
    """One row for each look, the newest first; none where there was none."""
    looks = watch.looks if watch else ()
    if watch is None or not looks:
        return ()
    rows, loans = [], 0
    for look in looks:
        loans += look.loans
        rows.append(_row(look, loans))
    return (HEADING, *reversed(rows))


def watch_section(watch: Watch | None) -> BoardSection:
    """The same for the board."""
    return BoardSection(
        title=TITLE,
        lead=watch_words(watch),
        figures=(),
        table=watch_table(watch),
        table_caption="Looks by month",
    )


def watch_json(watch: Watch) -> Mapping[str, Any]:
    """The same as JSON."""
    plan, proposal = watch.plan, watch.proposal
    return {
        "name": watch.name,
        "sha256": watch.sha256,
        "declared_at": watch.at.isoformat(),
        "seq": watch.seq,
        "statistics": [one.value for one in plan.statistics],
        "odds": plan.odds,
        "shock": plan.shock,
        "alarm": plan.alarm,
        "lag_months": plan.lag_months,
        "window_months": plan.window_months,
        "next_look": plan.closes(watch.next_month).isoformat(),
        "fired": watch.alarm is not None,
        "looks": [
            {
                "month": f"{look.month:%Y-%m}",
                "loans": look.loans,
                "bad": look.bad,
                "expected": look.expected,
                "left_out": look.left_out,
                "e_value": look.e_value,
                "fires": look.fires,
                "seq": look.seq,
            }
            for look in watch.looks
        ],
        "proposal": {
            "seq": proposal.seq,
            "manifest_sha256": proposal.manifest_sha256,
            "folder": proposal.folder,
            "rows": proposal.rows,
        }
        if proposal
        else None,
    }


def _row(look: Look, loans: int) -> tuple[str, ...]:
    """One look, ``loans`` with all before it."""
    enough = FIRED if look.fires else QUIET if loans >= LOANS_MIN else NOT_ENOUGH
    return (
        f"{look.month:%Y-%m}",
        f"{look.loans:,}",
        f"{look.bad:,}",
        f"{float(look.expected):.1f}",
        f"{look.left_out:,}",
        f"{look.e_value:.2f}",
        enough,
    )


def _proposed(watch: Watch) -> str:
    """Whether retraining was proposed."""
    made = watch.proposal
    if made is None:
        return "Retraining will be proposed as soon as its feedback set is made."
    return (
        f"Retraining is proposed on the feedback set {made.folder} of {made.rows:,} rows, manifest "
        f"{made.manifest_sha256} (entry {made.seq:,})."
    )
