"""A version with a validation and half its signatures, kept in memory."""

from dataclasses import dataclass, field, replace

from tests.ui.fake_cases import NOW
from ui.governance_views import ActLine, FindingLine, OwnerLine, RoutingView, SignOffView
from ui.ports import Refused
from ui.views import Viewer

VIEW = SignOffView(
    name="german-credit",
    title="German credit, boosted trees",
    version="2026.11",
    sha256="5ad1c0de" * 8,
    champion=False,
    ready=False,
    standing="It may not be champion yet: compliance has not signed; operations has not signed.",
    owners=(
        OwnerLine(words="Model owner", signer="Noor Ahmed", at=NOW, seq=20_801),
        OwnerLine(words="Risk", signer="Lena Roy", at=NOW, seq=20_802),
        OwnerLine(words="Compliance"),
        OwnerLine(words="Operations"),
    ),
    validation=(
        "Validated: risk class medium (medium exposure, approvals), 3 of 4 tests passed, findings"
        " open: 0 high, 1 medium, 0 low; 1 condition; expires 2027-11-01"
    ),
    validation_id="v-1",
    scope="The whole bundle, for consumer loans up to DM 20,000.",
    tests=(
        ("Calibration on 2025", "O/E 1.04 (0.93 to 1.16), n = 2,140", True),
        ("Stability of reasons", "Top reason changed for 7 of 60 near twins", False),
    ),
    findings=(
        FindingLine(id="F1", severity="medium", open=True, text="Few applicants over 70."),
        FindingLine(id="F2", severity="high", open=False, text="A unit was mistaken."),
    ),
    conditions=("Not for loans above DM 20,000.",),
    acts=(
        ActLine(what="Signed for model owner", who="Noor Ahmed", at=NOW, seq=20_801),
        ActLine(what="Signed for risk", who="Lena Roy", at=NOW, seq=20_802),
    ),
)

ROUTING = RoutingView(
    name=VIEW.name,
    title=VIEW.title,
    version=VIEW.version,
    in_force=False,
    lines=(
        "Of 1,204 cases in 90 days, 412.4 were to come to people and 626.4 would have been.",
        "That is 2.4 more cases and 0.3 more hours a day (95 %: 0.2 to 0.4).",
    ),
    table=(
        ("Why a case comes to a person", "As it was", "With this version"),
        ("The score lies close to a cut-off.", "112", "326"),
    ),
)


@dataclass
class FakeGovernance:
    """One model; compliance may sign, once."""

    signed: list[str] = field(default_factory=list)
    refusal: Refused | None = None
    empty: bool = False

    def sign_offs(self, viewer: Viewer, name: str) -> SignOffView:
        """The version."""
        assert name == VIEW.name
        if self.empty:
            nobody = tuple(OwnerLine(words=owner.words) for owner in VIEW.owners)
            bare = replace(VIEW, owners=nobody, validation="", scope="", acts=())
            return replace(bare, tests=(), findings=(), conditions=(), cannot="Validate it first.")
        if "sign_off" in viewer.may and not self.signed:
            return replace(VIEW, sign_for="compliance", sign_for_words="compliance")
        return replace(VIEW, cannot="Your role signs nothing.")

    def routing(self, viewer: Viewer, name: str) -> RoutingView:
        """What it would mean."""
        del viewer
        assert name == VIEW.name
        return ROUTING

    def sign(self, viewer: Viewer, name: str, seen: str, note: str, key: str) -> str:
        """Sign."""
        if self.refusal:
            raise self.refusal
        self.signed.append(f"{viewer.name} {name} {seen} {note} {key}")
        return "Signed for compliance."
