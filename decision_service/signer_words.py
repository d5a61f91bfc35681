"""How the signer stands, for whoever operates the service or reads the ledger."""

from dataclasses import dataclass
from datetime import datetime

from decision_service.services import Services

NEVER_RAN = "no signer has run yet"


@dataclass(frozen=True, slots=True)
class SignerStanding:
    """Whether somebody signs, and if not, why: ``problem`` is a clause, "" when all is well."""

    runs: bool
    signed_size: int
    heard_at: datetime | None
    problem: str


def signer_standing(services: Services) -> SignerStanding:
    """What is known of the signer now, from its own report."""
    report = services.signing_desk.last_report()
    if report is None:
        return SignerStanding(runs=False, signed_size=0, heard_at=None, problem=NEVER_RAN)
    runs = not report.silent(services.clock())
    problem = report.problem
    if not runs and not problem:
        problem = f"no signer runs; one last reported at {report.at:%Y-%m-%d %H:%M:%S} UTC"
    return SignerStanding(runs, report.signed_size, report.at, problem)
