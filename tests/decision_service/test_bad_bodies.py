"""A body that is not one plain JSON object is refused in words, whatever it is: never a 5xx."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decision_service.service_house import House, open_house

DEEP = b"[" * 100_000 + b"]" * 100_000
BEGUN = b'{"application_id":"a","fields":{},'
CORPUS: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"   ",
    "no json": b"hello",
    "half an object": b'{"application_id":',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "a text": b'"x"',
    "NaN": b'{"application_id":"a","fields":{"duration_months":NaN}}',
    "Infinity": b'{"application_id":"a","fields":{"duration_months":Infinity}}',
    "minus Infinity": b'{"application_id":"a","fields":{"duration_months":-Infinity}}',
    "overflow": b'{"application_id":"a","fields":{"duration_months":1e999}}',
    "a long number": b'{"application_id":"a","fields":{"duration_months":' + b"9" * 5000 + b"}}",
    "a long fraction": b'{"fields":{"duration_months":0.' + b"1" * 5000 + b"}}",
    "twice the same key": b'{"application_id":"a","application_id":"b","fields":{}}',
    "twice, deeper": b'{"application_id":"a","fields":{"x":1,"x":2}}',
    "NUL as an escape": b'{"application_id":"a\\u0000","fields":{}}',
    "NUL as a byte": b'{"application_id":"a\x00","fields":{}}',
    "half a pair": b'{"application_id":"\\ud800","fields":{}}',
    "the other half": b'{"application_id":"\\udc00\\ud800","fields":{}}',
    "half a pair as a key": b'{"application_id":"a","fields":{"\\ud800":1}}',
    "not UTF-8": b'{"application_id":"\xff\xfe","fields":{}}',
    "UTF-16": '{"application_id":"a","fields":{}}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"application_id":"a","fields":{}}',
    "a thousand levels": b'{"fields":' + b"[" * 1000 + b"]" * 1000 + b"}",
    "deep enough to break a parser": DEEP,
    "single quotes": b"{'application_id':'a'}",
    "a comment": b'{"application_id":"a",/* */"fields":{}}',
    "a trailing comma": b'{"application_id":"a","fields":{},}',
    "two documents": b"{}{}",
    "no application": b"{}",
    "an unknown member": BEGUN + b'"admin":true}',
    "fields as a list": b'{"application_id":"a","fields":[]}',
    "an id that is a number": b'{"application_id":7,"fields":{}}',
    "an empty id": b'{"application_id":"","fields":{}}',
    "a blank id": b'{"application_id":"  ","fields":{}}',
    "a long id": json.dumps({"application_id": "x" * 1000, "fields": {}}).encode(),
    "an id with a line break": b'{"application_id":"a\\nb","fields":{}}',
    "an id with an override mark": '{"application_id":"a\u202eb","fields":{}}'.encode(),
    "a negative amount": BEGUN + b'"amount":{"minor":-1,"currency":"EUR"}}',
    "half a cent": BEGUN + b'"amount":{"minor":0.5,"currency":"EUR"}}',
    "a true amount": BEGUN + b'"amount":{"minor":true,"currency":"EUR"}}',
    "no currency": BEGUN + b'"amount":{"minor":1,"currency":"euro"}}',
    "a naive time": BEGUN + b'"received_at":"2026-01-01T00:00:00"}',
    "a date": BEGUN + b'"received_at":"2026-01-01"}',
    "a time to come": BEGUN + b'"received_at":"2999-01-01T00:00:00Z"}',
    "year zero": BEGUN + b'"received_at":"0000-01-01T00:00:00Z"}',
    "before computers": BEGUN + b'"received_at":"1900-01-01T00:00:00Z"}',
    "before time": BEGUN + b'"received_at":"0001-01-01T00:00:00+14:00"}',
    "parties as a text": BEGUN + b'"parties":"me"}',
    "a stranger's role": BEGUN + b'"parties":[{"ref":"x","role":"god"}]}',
    "a role that is a list": BEGUN + b'"parties":[{"ref":"x","role":[]}]}',
    "the same party twice": (
        BEGUN + b'"parties":[{"ref":"x","role":"applicant"},{"ref":"x","role":"guarantor"}]}'
    ),
    "no parties": BEGUN + b'"parties":[]}',
    "fields_meta as a text": BEGUN + b'"fields_meta":"x"}',
    "fields_meta of numbers": BEGUN + b'"fields_meta":{"duration_months":1}}',
    "a bundle that is a list": BEGUN + b'"bundle":[]}',
    "a bundle that is a path": BEGUN + b'"bundle":"../../etc"}',
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def send(house: House, body: bytes, kind: str = "application/json") -> object:
    headers = {**house.headers(), "Idempotency-Key": house.fresh_key(), "Content-Type": kind}
    answer = house.client.post("/v1/decisions", content=body, headers=headers)
    assert 400 <= answer.status_code < 500, (body[:80], answer.status_code, answer.text[:200])
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == answer.status_code
    return problem


@pytest.mark.parametrize("name", CORPUS)
def test_a_bad_body_is_refused_and_nothing_is_recorded(house: House, name: str) -> None:
    house.headers()
    size = house.size
    send(house, CORPUS[name])
    assert house.size == size


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "*/*"])
def test_a_body_of_another_kind_is_refused(house: House, kind: str) -> None:
    problem = send(house, b'{"application_id":"a","fields":{}}', kind)
    assert isinstance(problem, dict)
    assert problem["status"] == 415


def test_a_large_body_is_refused_whether_or_not_it_says_so(house: House) -> None:
    body = json.dumps({"application_id": "a", "fields": {"x": "y" * 300_000}}).encode()
    problem = send(house, body)
    assert isinstance(problem, dict)
    assert problem["status"] == 413
    headers = {**house.headers(), "Idempotency-Key": "large", "Content-Type": "application/json"}
    pieces = iter([body[:200_000], body[200_000:]])
    answer = house.client.post("/v1/decisions", content=pieces, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ü", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(house: House, key: str) -> None:
    headers = {**house.headers(), "Content-Type": "application/json"}
    raw = [(k.encode(), v.encode()) for k, v in headers.items()]
    raw.append((b"Idempotency-Key", key.encode()))
    answer = house.client.post("/v1/decisions", content=b"{}", headers=raw)
    assert answer.status_code == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    ["application_id", "bundle", "fields", "fields_meta", "received_at", "amount", "parties"]
)


@given(st.dictionaries(MEMBERS | st.text(max_size=6), JSON, max_size=6) | JSON | st.binary())
def test_no_body_whatever_breaks_the_service(house: House, body: object) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    send(house, content)


@given(st.dictionaries(st.sampled_from(["duration_months", "purpose", "sex", "n"]), JSON))
def test_no_fields_whatever_break_the_service(house: House, fields: object) -> None:
    send(house, json.dumps({"application_id": "f", "fields": fields}).encode())
