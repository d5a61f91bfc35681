"""A validation record as its validator writes it: YAML read as plain text, held against a schema.

The texts are kept encrypted; what the rules look at (findings, tests, expiry) stands in the open.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from decision_service.errors import Fault, InvalidRequest
from explain.declared.plain_yaml import PlainYamlError
from explain.declared.plain_yaml import read as read_yaml
from overrides.signing_off import Validated
from overrides.version_record import Exposure, Finding, Severity

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Number = Annotated[str, Field(pattern=r"^[A-Z]{1,4}[0-9]{1,4}$")]
LIST_MAX = 200


class _Strict(BaseModel):
    """Nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


class _Test(_Strict):
    """One test that was made."""

    name: Text
    result: Text
    passed: Literal["yes", "no"]


class _Finding(_Strict):
    """One finding, numbered like F1."""

    id: Number
    severity: Severity
    text: Text
    status: Literal["open", "closed"]


class _Record(_Strict):
    """The whole file."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scope: Text
    exposure: Exposure
    developers: Annotated[list[Text], Field(min_length=1, max_length=LIST_MAX)]
    tests: Annotated[list[_Test], Field(min_length=1, max_length=LIST_MAX)]
    findings: Annotated[list[_Finding], Field(max_length=LIST_MAX)] = []
    conditions: Annotated[list[Text], Field(max_length=LIST_MAX)] = []
    expires: date


def read_validation(text: str, person: Callable[[str], str]) -> tuple[str, Validated]:
    """The version that was validated, and what was found.

    ``person`` gives the reference of a log-in name, or raises ``UnknownPerson``.
    Raises ``InvalidRequest`` naming each member at fault.
    """
    try:
        record = _Record.model_validate(read_yaml(text))
    except PlainYamlError as broken:
        raise InvalidRequest((Fault("", str(broken)),)) from None
    except ValidationError as broken:
        raise InvalidRequest(tuple(_fault(error) for error in broken.errors())) from None
    numbers = [finding.id for finding in record.findings]
    if len(set(numbers)) < len(numbers):
        raise InvalidRequest((Fault("/findings", "number each finding once"),))
    passed = sum(test.passed == "yes" for test in record.tests)
    return record.sha256, Validated(
        exposure=record.exposure,
        findings=tuple(Finding(f.id, f.severity, f.status == "open") for f in record.findings),
        tests_passed=passed,
        tests_failed=len(record.tests) - passed,
        conditions=len(record.conditions),
        developers=frozenset(person(name) for name in record.developers),
        expires=datetime.combine(record.expires, time(), UTC),
        texts=record.model_dump(mode="json", include={"scope", "tests", "findings", "conditions"}),
    )


def _fault(error: object) -> Fault:
    """Where, and what to write there."""
    place = "".join(f"/{part}" for part in error["loc"])  # type: ignore[index]
    return Fault(place, str(error["msg"]))  # type: ignore[index]
