"""How often the reasons of a model surprised the people who read them, for its owner's page."""

from decision_service.loading import Loaded
from decision_service.services import Services
from decision_service.wording import percent
from ui.words import count_words

SHOWN_MIN = 20
"""A reason that was shown less often than this says nothing yet."""

LOOKED_AT_MAX = 2_000
HEADING = ("Concept", "About", "Surprised", "Share", "95 % interval")
TOO_FEW = "not enough data yet"


def surprise_table(services: Services, loaded: Loaded) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """What was counted over, in a sentence, and a line for each concept that was shown.

    The table has its heading row first and is that row alone where nothing was shown. One person
    looking at one decision counts once, with the denominator beside it; the interval is Wilson's.
    """
    found = services.cases.surprises(loaded.bundle.name, limit=LOOKED_AT_MAX)
    titles = {concept.id: concept.title for concept in loaded.bundle.concepts}
    lines = []
    for one in found.by_concept:
        counted = f"{count_words(one.asked.count)} of {count_words(one.asked.of)}"
        share, interval = TOO_FEW, ""
        if one.asked.of >= SHOWN_MIN and one.asked.interval is not None:
            share = percent(one.asked.value or 0.0)
            interval = " to ".join(percent(end) for end in one.asked.interval)
        lines.append((one.concept, titles.get(one.concept, one.concept), counted, share, interval))
    played = " Some of these were simulated." if found.simulated else ""
    words = (
        f"Counted over the latest {count_words(found.times)} times that reasons of this model were "
        f"put before somebody who decides; one person and one decision count once.{played}"
    )
    return words if lines else "", (HEADING, *lines)
