"""Every part of the evidence, by name, in the order in which they are gathered."""

from tests.evidence import (
    appends,
    clocks,
    erasures,
    faults,
    groups,
    kills,
    mutants,
    postgres_crashes,
    power_loss,
    retries,
    reviewers,
    server_kills,
    simulation,
)
from tests.evidence.lots import Part

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        power_loss.PART,
        kills.PART,
        faults.PART,
        postgres_crashes.PART,
        simulation.PART,
        groups.PART,
        groups.POSTGRES,
        appends.PART,
        appends.POSTGRES,
        clocks.PART,
        mutants.PART,
        erasures.PART,
        retries.PART,
        reviewers.PART,
        server_kills.PART,
    )
}
