"""Many applications in one go: each step is taken for all of them before the next one is.

Each is recorded and answered as if it had come alone: a command of its own, under its own key, and
one that is refused spoils no other. What is saved is going to and fro between them: a model is
asked once, the journal gets all of them at once, and nobody is woken until all are on disk. They
are written in the order in which they came.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from decision_service.applications import read_application
from decision_service.body_guard import checked_key, parse_text
from decision_service.decision_record import Prepared
from decision_service.pipeline import Answer, Pipeline, case_of, question_of
from decision_service.recording import Record, StopWatch
from decision_service.registry import InUse
from explain.bundle import Bundle
from explain.errors import ExplainError
from explain.values import Explanation
from overrides.journal import OnceOnly, Receipt
from overrides.values import Actor

KEY_MEMBER = "idempotency_key"

Asked = tuple[object, str]  # the parsed body of one application, and the key it was sent with


def read_asked(line: bytes, bytes_max: int, key: str | None = None) -> Asked:
    """A line's application and the key that it names, or else ``key``.

    Raises Malformed, TooLarge, IdempotencyKeyMissing or IdempotencyKeyInvalid.
    """
    body = parse_text(line, bytes_max)
    given = body.pop(KEY_MEMBER, None) if isinstance(body, dict) else None
    return body, checked_key(key if given is None else given)


@dataclass(slots=True)
class Begun:
    """One application that was read and prepared, on its way to the disk."""

    prepared: Prepared
    once: OnceOnly
    watch: StopWatch
    found: "Explanation | BaseException | str" = ""  # a text is why the model was not asked
    command: Record | None = None
    recorded: "Future[Receipt] | None" = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """Decides many applications together, in the caller's thread."""

    pipeline: Pipeline

    def begin(self, asked: Sequence[Asked], actor: Actor) -> list[Begun | Exception]:
        """Score them and hand them to the journal; in the place of one refused is why."""
        found = self.make(asked, actor)
        journal = self.pipeline.journal
        for one in found:
            if isinstance(one, Begun) and one.command is not None:
                one.recorded = journal.submit(one.command, once=one.once)
        return found

    def make(self, asked: Sequence[Asked], actor: Actor) -> list[Begun | Exception]:
        """Score them and put them into words, with the commands that nobody has recorded yet."""
        used: dict[str, InUse] = {}
        found = [self._prepared(body, key, actor, used) for body, key in asked]
        self._score([begun for begun in found if isinstance(begun, Begun)])
        return [self._worded(one) if isinstance(one, Begun) else one for one in found]

    def end(self, begun: Begun | Exception) -> Answer:
        """What the sender of one of them is told, once it is on disk; raises why it is not."""
        if isinstance(begun, Exception):
            raise begun
        assert begun.recorded is not None, "what was not refused is with the journal"
        assert begun.command is not None, "the journal has the command"
        receipt = begun.recorded.result()
        if receipt.replayed:
            return self.pipeline.again(receipt)
        begun.watch.lap("record")
        return Answer(begun.command.told(receipt), False, begun.watch.laps_us)

    def _prepared(
        self, body: object, key: str, actor: Actor, used: dict[str, InUse]
    ) -> Begun | Exception:
        """One application as far as it can be taken without a score.

        ``used`` is which version decides, by the name that is asked for: looked at once a block.
        """
        pipeline, watch = self.pipeline, StopWatch()
        try:
            application = read_application(body)
            name = application.bundle
            if name not in used:
                used[name] = pipeline.registry.in_use(name)
            prepared = pipeline.preparer.prepare(application, used[name], actor, simulated=False)
            begun = Begun(prepared, pipeline.once(actor, key, body), watch)
        except Exception as refused:  # noqa: BLE001 # it is this one's answer, whatever it is
            return refused
        watch.lap("contract")
        return begun

    def _score(self, block: Sequence[Begun]) -> None:
        """Ask each model once, for all that it is to score."""
        of_model: dict[int, tuple[Bundle, list[Begun]]] = {}
        for begun in block:
            question = question_of(begun.prepared)
            if isinstance(question, str):
                begun.found = question
            else:
                model, _ = question
                of_model.setdefault(id(model), (model, []))[1].append(begun)
        for model, those in of_model.values():
            rows = [one.prepared.checked.features for one in those if one.prepared.checked]
            for begun, answer in zip(those, self.pipeline.scorer.ask_all(model, rows), strict=True):
                begun.found = answer

    def _worded(self, begun: Begun) -> Begun | Exception:
        """With the command that records it, unless its model could not be asked at all."""
        begun.watch.lap("score")
        if isinstance(begun.found, Exception) and not isinstance(begun.found, ExplainError):
            return begun.found
        find = case_of(begun.prepared)
        try:
            begun.command = self.pipeline.command(begun.prepared, begun.found, begun.watch, find)
        except Exception as failed:  # noqa: BLE001 # nobody may be left waiting, the others go on
            return failed
        return begun
