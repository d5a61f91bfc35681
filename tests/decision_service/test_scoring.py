"""Whoever asks for a score gets one answer, in time, whatever the model does."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from decision_service import scoring
from decision_service.errors import Overloaded
from decision_service.scoring import LATE, LEFT_ALONE, Scorer
from explain.errors import ExplainError, ModelUnavailable, NonsenseScore
from explain.values import Attribution, Explanation, Row


def explanation(probability: float) -> Explanation:
    return Explanation(probability, Attribution(0.0, 0.0, ()), (), (), "m", None, reliable=True)


@dataclass
class Echo:
    """A model that answers what it is given, and remembers how it was asked."""

    name: str = "echo"
    asked: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
        """Each row's own number, once the gate is open."""
        self.asked.append(len(rows))
        self.gate.wait(20)
        return [explanation(float(row["p"] or 0)) for row in rows]


@pytest.fixture
def scorer() -> Iterator[Scorer]:
    made = Scorer(deadline_s=0.3, rows_max=8)
    yield made
    made.close()


def rows(count: int) -> list[Row]:
    return [{"p": place / 1000} for place in range(count)]


def test_each_row_gets_its_own_answer(scorer: Scorer) -> None:
    model = Echo()
    model.gate.set()
    with ThreadPoolExecutor(16) as pool:
        asked = list(pool.map(lambda row: (row, scorer.submit(model, row).result(5)), rows(200)))
    assert all(answer.probability == row["p"] for row, answer in asked)


def test_what_waits_is_explained_in_batches_of_limited_size(scorer: Scorer) -> None:
    model = Echo()
    futures = [scorer.submit(model, row) for row in rows(20)]
    time.sleep(0.05)
    model.gate.set()
    for future in futures:
        future.result(5)
    assert sum(model.asked) == 20
    assert max(model.asked) <= 8
    assert len(model.asked) < 20


def test_a_slow_model_is_asked_one_by_one_so_that_only_those_too_late_go_without(
    scorer: Scorer,
) -> None:
    @dataclass
    class Slow(Echo):
        one_by_one: bool = True

        def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
            time.sleep(0.08)
            return super().explain(rows)

    model = Slow()
    model.gate.set()
    futures = [scorer.submit(model, row) for row in rows(10)]
    failures = [future.exception(5) for future in futures]
    assert set(model.asked) == {1}
    assert failures[0] is None
    assert isinstance(failures[-1], ModelUnavailable)
    scorer.submit(model, rows(1)[0]).result(5)  # it was slow, and is not left alone


def test_a_row_at_fault_spoils_no_other(scorer: Scorer) -> None:
    class OneBad(Echo):
        def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
            return [
                NonsenseScore("x", "odd") if row["p"] == 0.002 else explanation(0.5) for row in rows
            ]

    model = OneBad()
    futures = [scorer.submit(model, row) for row in rows(5)]
    results = [future.exception(5) for future in futures]
    assert [type(error) for error in results].count(NonsenseScore) == 1
    assert results.count(None) == 4


@pytest.mark.parametrize("answer", [[], ["yes"], None, 7])
def test_an_answer_that_is_none_is_an_unavailable_model(scorer: Scorer, answer: object) -> None:
    class Odd(Echo):
        def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:  # noqa: ARG002
            return answer  # type: ignore[return-value] # a model may answer anything

    assert isinstance(scorer.submit(Odd(), {"p": 0}).exception(5), ModelUnavailable)


def test_a_hung_model_answers_nobody_late_and_is_left_alone_for_a_while() -> None:
    with closing(Scorer(deadline_s=1.0, rows_max=8)) as scorer:  # a busy machine stalls for less
        _hangs_and_is_left_alone(scorer)


def _hangs_and_is_left_alone(scorer: Scorer) -> None:
    model, well = Echo("hung"), Echo("well")
    well.gate.set()
    started = time.monotonic()
    first = scorer.submit(model, {"p": 0.1})
    second = scorer.submit(model, {"p": 0.2})
    assert scorer.submit(well, {"p": 0.3}).result(0.9).probability == 0.3, "others go on"
    for future in (first, second):
        late = future.exception(5)
        assert isinstance(late, ModelUnavailable)
        assert late.cause == LATE
    assert time.monotonic() - started < 1.9
    left = scorer.submit(model, {"p": 0.4}).exception(0.9)
    assert isinstance(left, ModelUnavailable)
    assert left.cause == LEFT_ALONE
    model.gate.set()
    time.sleep(2.1)
    assert scorer.submit(model, {"p": 0.5}).result(5).probability == 0.5, "and is asked again"


def test_the_answer_of_a_thread_left_behind_reaches_nobody(scorer: Scorer) -> None:
    model = Echo()
    future = scorer.submit(model, {"p": 0.1})
    assert isinstance(future.exception(5), ModelUnavailable)
    model.gate.set()
    time.sleep(0.1)
    assert isinstance(future.exception(), ModelUnavailable)


def test_a_thread_left_behind_that_returns_does_not_hide_the_next_one_that_hangs(
    scorer: Scorer,
) -> None:
    gates = [threading.Event(), threading.Event()]
    calls = iter(gates)

    class HangsTwice(Echo):
        def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
            next(calls).wait(20)
            return super().explain(rows)

    model = HangsTwice()
    model.gate.set()
    assert isinstance(scorer.submit(model, {"p": 0.1}).exception(5), ModelUnavailable)
    time.sleep(0.65)  # until the model is asked again
    second = scorer.submit(model, {"p": 0.2})
    time.sleep(0.05)
    gates[0].set()
    assert isinstance(second.exception(2), ModelUnavailable)
    gates[1].set()


def test_too_many_waiting_are_told_to_come_again(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "WAITING_MAX", 3)
    model = Echo()
    futures: list[Future[Explanation]] = []
    with pytest.raises(Overloaded):
        futures.extend(scorer.submit(model, row) for row in rows(20))
    model.gate.set()


def test_closing_answers_everybody(scorer: Scorer) -> None:
    model = Echo()
    futures = [scorer.submit(model, row) for row in rows(3)]
    scorer.close()
    assert all(isinstance(future.exception(2), ModelUnavailable) for future in futures)
    assert isinstance(scorer.submit(model, {"p": 0}).exception(1), ModelUnavailable)
    model.gate.set()


@dataclass
class Prompt(Echo):
    """A model that can be asked wherever the application is."""

    at_once: bool = True
    threads: set[str] = field(default_factory=set)

    def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
        """Each row's own number; a negative one is too much for it."""
        self.asked.append(len(rows))
        self.threads.add(threading.current_thread().name)
        if any(float(row["p"] or 0) < 0 for row in rows):
            raise ZeroDivisionError
        return [explanation(float(row["p"] or 0)) for row in rows]


def test_a_prompt_model_is_asked_on_the_loop_for_all_that_came_together(scorer: Scorer) -> None:
    model = Prompt()

    async def ask() -> list[float]:
        futures = [scorer.submit(model, row) for row in rows(20)]
        assert not any(future.done() for future in futures)
        return [(await asyncio.wrap_future(future)).probability for future in futures]

    assert asyncio.run(ask()) == [row["p"] for row in rows(20)]
    assert model.asked == [8, 8, 4]
    assert model.threads == {threading.current_thread().name}


def test_a_prompt_model_is_asked_in_the_thread_of_a_command(scorer: Scorer) -> None:
    model = Prompt()
    assert scorer.submit(model, {"p": 0.25}).result(0).probability == 0.25
    assert model.threads == {threading.current_thread().name}


def test_a_prompt_model_that_fails_leaves_nobody_waiting(scorer: Scorer) -> None:
    model = Prompt()

    async def ask() -> list[BaseException | None]:
        futures = [scorer.submit(model, {"p": p}) for p in (0.5, -1.0)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [future.exception(0) for future in futures]

    for failure in (*asyncio.run(ask()), scorer.submit(model, {"p": -1.0}).exception(0)):
        assert isinstance(failure, ModelUnavailable)
        assert failure.cause == "ZeroDivisionError"


def test_a_loop_that_ended_takes_nobody_with_it(scorer: Scorer) -> None:
    model = Prompt()

    async def ask() -> float:
        return (await asyncio.wrap_future(scorer.submit(model, {"p": 0.5}))).probability

    assert [asyncio.run(ask()) for _ in range(5)] == [0.5] * 5


def test_a_prompt_model_is_not_kept_by_whoever_asked_it(scorer: Scorer) -> None:
    model = Prompt()

    async def ask() -> None:
        await asyncio.wrap_future(scorer.submit(model, {"p": 0.5}))
        assert [dict(here) for here in scorer._gatherings.values()] == [{}]

    asyncio.run(ask())


class Threadless(Scorer):
    """A scorer that has no thread left for one row."""

    def submit(self, model: scoring.Model, row: Row) -> "Future[Explanation]":
        """As it is, but for one row."""
        if row["p"] == 0.001:
            msg = "can't start new thread"
            raise RuntimeError(msg)
        return super().submit(model, row)


def test_of_many_rows_one_that_cannot_be_asked_spoils_no_other() -> None:
    model = Echo()
    model.gate.set()
    with closing(Threadless(deadline_s=0.3)) as scorer:
        first, second, third = scorer.ask_all(model, rows(3))
    assert isinstance(second, RuntimeError)
    assert [one.probability for one in (first, third) if isinstance(one, Explanation)] == [0, 0.002]
