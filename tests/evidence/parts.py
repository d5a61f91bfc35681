"""Every part of the evidence, by name, in the order in which they are gathered."""

from tests.evidence import faults, kills, power_loss
from tests.evidence.lots import Part

PARTS: dict[str, Part] = {part.name: part for part in (power_loss.PART, kills.PART, faults.PART)}
