# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""A training register, kept in memory."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.ui.fake_cases import NOW
from ui.ports import Refused
from ui.training_views import TrainingForm, TrainingLine, TrainingView
from ui.views import Notice, Viewer

TODAY = NOW.date()
STATES = (("valid", "Valid", 200), ("soon", "Runs out soon", 12), ("over", "Has run out", -3))


def a_line(number: int, name: str) -> TrainingLine:
    """One entry, in the state of this number."""
    state, words, days = STATES[number]
    return TrainingLine(
        name=name,
        bundle="taiwan-card",
        asked=True,
        state=state,
        state_words=words,
        ground_words="Course passed",
        last_day=TODAY + timedelta(days=days),
        by="Tilo",
        at=NOW,
    )


@dataclass
class FakeTraining:
    """Four people of a branch; one was never trained."""

    recorded: list[TrainingForm] = field(default_factory=list)
    warned: tuple[Notice, ...] = ()

    def register(self, viewer: Viewer, as_of: str) -> TrainingView:
        """Everybody for the team lead, her own line for an officer."""
        whole = "train" in viewer.may
        day = date.fromisoformat(as_of) if as_of else TODAY
        lines = tuple(a_line(n, name) for n, name in enumerate(("Asha", "Bela", "Chitra")))
        never = TrainingLine(
            name="Ravi", bundle="taiwan-card", asked=True, state="missing", state_words="Missing"
        )
        return TrainingView(
            day=day,
            today=TODAY,
            past=day < TODAY,
            whole=whole,
            lines=(*lines, never) if whole else lines[1:2],
            asking=("taiwan-card",),
            may_record=whole,
            people=(("person-asha", "Asha, loan officer"), ("person-ravi", "Ravi, senior officer")),
            bundles=(("taiwan-card", "taiwan-card"),),
            grounds=(("course", "Course passed"), ("ended", "Ended: not trained any more")),
            latest=TODAY + timedelta(days=365),
        )

    def record(self, viewer: Viewer, form: TrainingForm) -> str:
        """Record it, or point at what is missing."""
        if len(form.note) < 10:
            said = "A note of at least 10 characters is needed."
            raise Refused(422, "Please check", said, {"note": said})
        self.recorded.append(form)
        return "Asha is trained."

    def warnings(self, viewer: Viewer) -> tuple[Notice, ...]:
        """What was planted; nothing to begin with."""
        return self.warned
