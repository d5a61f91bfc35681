"""Whether people look, in words: rates by time, queue and month, and notes that repeat each other.

None of these says that anybody was right or wrong, and none is about one person.
"""

from decision_service.board import Measure, figure_of, rate_words
from decision_service.override_ground import Ground
from decision_service.oversight_counts import (
    advised_by_people,
    by_month_end,
    by_queue,
    by_time_left,
    moved,
    never_overriding,
)
from decision_service.wording import percent
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import Share
from ui.views import BoardSection, Figure

MOVEMENT = "How far advice moves people"


def oversight_section(ground: Ground) -> BoardSection:
    """Override rates against time left, queue length and month's end, and who never overrides."""
    every = ground.every
    advised = advised_by_people(every, ground.decided())
    kinds = (
        ("Time left", by_time_left(every, advised)),
        ("Queue of the branch", by_queue(every, advised)),
        ("Day of the month", by_month_end(every, advised)),
    )
    rows = [
        (kind, name, f"{share.count:,} of {share.of:,}", *rate_words(share), _agreed(share))
        for kind, found in kinds
        for name, share in found
        if share.of
    ]
    found = never_overriding(every, advised)
    never = Share(found.never, found.looked_at)
    return BoardSection(
        title="Does oversight look",
        lead=(
            "How often people went against the advice, by the pressure they were under. Agreeing "
            "is no fault and overriding no merit: whether either was right is told only by "
            "outcomes."
        ),
        figures=(
            Figure(
                label="People who never override, beyond chance",
                value=f"{never.count:,} of {never.of:,}" if never.of else "Not enough data yet",
                interval="",
                denominator=f"people with at least {RELIABLE_CASES_MIN} cases with advice",
                meaning="A sign to look at how they work, and no proof that they do not look.",
            ),
        ),
        table=(("By", "Cases", "Overrides", "Rate", "95 %", "Agreed"), *rows) if rows else (),
        table_caption="Override rates by pressure",
    )


def _agreed(against: Share) -> str:
    """The rest, who decided as advised; of few cases, that they are too few."""
    return rate_words(Share(against.of - against.count, against.of))[0]


def movement_section(ground: Ground) -> BoardSection:
    """How far people moved once they had seen the advice, where they said their own view first."""
    found = moved(ground.every, ground.decided(), ground.views)
    lead = (
        "Where first views are switched on, people say what they would do on a drawn share of "
        "cases before they see the score. What they then decided says how far the advice moves "
        "them, and nothing of whether it moved them rightly."
    )
    if found is None:
        none = "No case of this span has both a first view and a decision by the same person."
        return BoardSection(title=MOVEMENT, lead=f"{lead} {none}", figures=())
    parts = (
        ("Came round to the advice", found.towards, "first views that differed from it"),
        ("Turned away from the advice", found.away, "first views that agreed with it"),
        ("Decided as they first viewed it", found.unmoved, "first views that told"),
    )
    meanings = (
        "High, it may be sound trust or none of their own: outcomes tell which.",
        "What made them change their mind is in the notes.",
        "Of both kinds together.",
    )
    left = (
        f"Of {found.viewed:,} cases counted, {found.undecided:,} had a first view that could not "
        f"tell, and on {found.unadvised:,} the model advised neither way."
    )
    return BoardSection(
        title=MOVEMENT,
        lead=f"{lead} {left}",
        figures=tuple(
            figure_of(
                label,
                Measure(
                    part.share,
                    part.interval,
                    part.of,
                    "" if part.share is None else percent(part.share),
                ),
                f"{part.count:,} of {part.of:,} {of}",
                meaning,
            )
            for (label, part, of), meaning in zip(parts, meanings, strict=True)
        ),
    )


def note_section(repeats: Share, erased: int) -> BoardSection:
    """Notes that repeat each other."""
    gone = f" {erased:,} more were erased." if erased else ""
    words = "" if repeats.value is None else percent(repeats.value)
    return BoardSection(
        title="What they wrote",
        lead=(
            "A note repeats another when nine of ten runs of three words are the same as in one of "
            "the same person's last fifty. Notes are compared by keyed fingerprints; none is shown "
            f"or kept.{gone}"
        ),
        figures=(
            figure_of(
                "Notes that repeat an earlier one",
                Measure(repeats.value, repeats.interval, repeats.of, words),
                f"{repeats.count:,} of {repeats.of:,} notes of the latest overrides",
                "Boilerplate is a sign that the list of justifications or the time given is wrong.",
            ),
        ),
    )
