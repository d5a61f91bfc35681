# ruff: noqa: ARG002 - a fake takes what the port takes, needed or not
"""Erasures in memory: two requests, two holds, and refusals for what is typed wrong."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from tests.ui.fake_cases import NOW
from ui.erasure_views import (
    CertificatePlace,
    CertificateView,
    Choices,
    DueView,
    ErasureLine,
    ErasuresView,
    ErasureTyped,
    ErasureView,
    HoldLine,
)
from ui.ports import Refused
from ui.views import Viewer

WAITING_ID = "01936f00-0000-7000-8000-0000000e0001"
ERASED_ID = "01936f00-0000-7000-8000-0000000e0002"
HOLD_ID = "01936f00-0000-7000-8000-0000000e0003"
ROOT = "5f" * 32

LINES = (
    ErasureLine(
        request_id=WAITING_ID,
        seq=20_850,
        what="All that is recorded of party 4c1f0a77d2be",
        count=7,
        ground="The person asked for it",
        standing="waiting",
        standing_words="Waits for a second person",
        why="",
        asked_by="Tara",
        asked_at=NOW,
    ),
    ErasureLine(
        request_id=ERASED_ID,
        seq=20_700,
        what="Case 01936f00-0000-7000-8000-000000002001",
        count=212,
        ground="It should never have been recorded",
        standing="erased",
        standing_words="Erased",
        why="",
        asked_by="Meera",
        asked_at=NOW - timedelta(days=2),
        settled_by="Tara",
        settled_at=NOW - timedelta(days=1),
        mine=True,
    ),
    ErasureLine(
        request_id="01936f00-0000-7000-8000-0000000e0004",
        seq=20_600,
        what="All that is recorded of party 9a1f0a77d2be",
        count=3,
        ground="The person asked for it",
        standing="refused",
        standing_words="Refused",
        why="The law keeps it: 12 CFR 1002.12(b), until 1 May 2028.",
        asked_by="Meera",
        asked_at=NOW - timedelta(days=3),
        settled_by="Meera",
        settled_at=NOW - timedelta(days=3),
    ),
)
HOLDS = (
    HoldLine(
        hold_id=HOLD_ID,
        seq=20_500,
        what="Case 01936f00-0000-7000-8000-000000002003",
        ground="A lawsuit, or one to be expected",
        set_by="Meera",
        set_at=NOW - timedelta(days=9),
    ),
    HoldLine(
        hold_id="01936f00-0000-7000-8000-0000000e0005",
        seq=20_400,
        what="All that is recorded of party 771f0a77d2be",
        ground="A complaint that is not settled",
        set_by="Meera",
        set_at=NOW - timedelta(days=20),
        lifted_by="Meera",
        lifted_at=NOW - timedelta(days=10),
    ),
)
CHOICES = Choices(
    grounds=(
        ("person_asked", "The person asked for it", "GDPR Art. 17(1)"),
        ("unlawful", "It should never have been recorded", "GDPR Art. 17(1)(d)"),
    ),
    classes=(("application", "The application"), ("notes", "Notes and evidence")),
    hold_grounds=(("litigation", "A lawsuit"), ("complaint", "A complaint")),
    lift_grounds=(("ended", "What it was set for has ended"), ("set_in_error", "In error")),
)
PARTS = ((12_001, "Application scored", "Application as sent"), (12_040, "Override", "Note"))


@dataclass
class FakeErasures:
    """Fills ``ui.ports.Erasures``."""

    empty: bool = False
    lines: dict[str, ErasureLine] = field(
        default_factory=lambda: {line.request_id: line for line in LINES}
    )
    done: list[tuple[str, ...]] = field(default_factory=list)

    def overview(self, viewer: Viewer) -> ErasuresView:
        """Everything."""
        lines = [] if self.empty else list(self.lines.values())
        return ErasuresView(
            waiting=tuple(line for line in lines if line.standing == "waiting"),
            settled=tuple(line for line in lines if line.standing != "waiting"),
            holds=() if self.empty else HOLDS,
        )

    def choices(self, viewer: Viewer) -> Choices:
        """What the forms offer."""
        return CHOICES

    def request(self, viewer: Viewer, request_id: str) -> ErasureView:
        """One request."""
        line = self.lines.get(request_id)
        if line is None:
            raise Refused(404, "Please check", "There is no such request.")
        own = line.asked_by == viewer.name
        waits = line.standing == "waiting"
        return ErasureView(
            line=replace(line, mine=own),
            classes=("The application",),
            root=ROOT,
            parts=PARTS,
            more=line.count - len(PARTS),
            note="letter 17",
            may_approve=waits and not own,
            may_refuse=waits,
            cannot="You asked for this." if own else "",
            certified=line.standing == "erased",
        )

    def ask(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Ask."""
        faults = {}
        if not (form.application or form.case or form.party):
            faults["application"] = "Name an application, a case or a party."
        if not form.ground:
            faults["ground"] = "Choose why."
        if faults:
            raise Refused(422, "There is a problem", "Nothing was recorded.", faults)
        self.done.append(("ask", form.party, form.ground, *form.classes))
        return WAITING_ID

    def approve(self, viewer: Viewer, request_id: str, root: str, note: str, key: str) -> str:
        """Approve."""
        if root != ROOT:
            raise Refused(409, "Look again", "You looked at another list.")
        self.done.append(("approve", request_id, note))
        return "Erased: 7 parts. The certificate says more."

    def refuse(self, viewer: Viewer, request_id: str, note: str, key: str) -> str:
        """Say no."""
        self.done.append(("refuse", request_id, note))
        return "The second person said no."

    def due(self, viewer: Viewer) -> DueView:
        """Some, or nothing."""
        groups = () if self.empty else (("Notes", "DE", "Declined", 3, 9, "our policy"),)
        return DueView(
            as_of=NOW,
            as_of_text="2026-11-22T09:00:00.000000Z",
            schedule=ROOT,
            own_schedule=not self.empty,
            cases=0 if self.empty else 3,
            parts=0 if self.empty else 9,
            held=0 if self.empty else 1,
            groups=groups,
        )

    def due_list(self, viewer: Viewer, as_of: str) -> bytes:
        """One line."""
        return b'{"case": "x"}\n'

    def ask_due(self, viewer: Viewer, as_of: str, note: str, key: str) -> str:
        """Ask for all of it."""
        if not as_of:
            raise Refused(422, "Please check", "Open the page of what is due again.")
        self.done.append(("ask_due", as_of, note))
        return WAITING_ID

    def hold(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Set one."""
        if not form.ground:
            raise Refused(422, "Please check", "Choose why.", {"ground": "Choose why."})
        self.done.append(("hold", form.case, form.ground))
        return "The hold is set."

    def one_hold(self, viewer: Viewer, hold_id: str) -> HoldLine:
        """One of them."""
        for hold in HOLDS:
            if hold.hold_id == hold_id:
                return hold
        raise Refused(404, "Please check", "There is no such hold.")

    def lift(self, viewer: Viewer, hold_id: str, ground: str, note: str, key: str) -> str:
        """Lift one."""
        if not ground:
            raise Refused(422, "Please check", "Choose why.", {"ground": "Choose why."})
        self.done.append(("lift", hold_id, ground))
        return "The hold is lifted."

    def certificate(self, viewer: Viewer, request_id: str) -> CertificateView:
        """A certificate of what was erased."""
        line = self.lines.get(request_id)
        if line is None or line.standing != "erased":
            raise Refused(409, "There is no certificate", "Nothing was erased.")
        return CertificateView(
            log="bank.example/ledger",
            request_id=request_id,
            what=line.what,
            classes=("the application",),
            count=line.count,
            destroyed=3,
            ground=line.ground,
            law="GDPR Art. 17(1)(d)",
            root=ROOT,
            places=(
                CertificatePlace(what="Erased", seq=20_702, at=NOW, who="Tara", leaf_hash=ROOT),
            ),
            key_words="The key that opened older copies was destroyed.",
            covered_words="The signed checkpoint over 20,852 entries covers it.",
            checkpoint="bank.example/ledger\n20852\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            parts=PARTS,
            more=210,
            stays=("The entries.",),
            not_reached=("What was printed.",),
            sets=(("2026-11-20-german-credit", "Dev", NOW, 20_600, True),),
            exports=(("export: note", "Meera", NOW, 20_500),),
            issued_at=NOW,
        )
