"""A model that somebody else runs, asked over HTTP: it fills the port of adapters, and only that.

What does not answer in time, or with anything but one believable number per row, has not answered;
the case goes to a person. After several such answers in a row nothing is asked for a while.
"""

import json
import weakref
from collections.abc import Sequence
from time import monotonic
from typing import Never

from ..declared.contract import Contract
from ..errors import BundleInvalid, ModelUnavailable, NonsenseScore
from ..values import PROBABILITY, Row, Scale
from .breaker import Breaker, CircuitOpenError
from .call import Caller, NoAnswerError
from .hosts import HostRefusedError, allowed_host
from .spec import read_remote
from .wire import WIRES, Cells, NonsenseAnswerError, scores_in

ANSWER_BYTES, ROW_BYTES = 64 * 1024, 512
"""An answer may have so many bytes, and for each row so many more."""


class RemoteModel:
    """The model at an address, which has to be among the operator's ``hosts``.

    BundleInvalid where the file does not fit or the operator does not let it be asked. Nothing is
    asked before the first score. Connections to it end when this is forgotten.
    """

    def __init__(
        self, text: str, protocol: str, contract: Contract, path: str, scale: Scale, hosts: str
    ) -> None:
        self._spec = read_remote(text, protocol, contract, path)
        self._wire = WIRES[protocol]
        self._contract = contract
        try:
            allowed = allowed_host(self._spec.host, self._spec.port, hosts)
        except HostRefusedError as refused:
            raise BundleInvalid(path, (str(refused),)) from None
        self._caller = Caller(allowed, tls=self._spec.place.scheme == "https")
        weakref.finalize(self, self._caller.close)
        self._breaker = Breaker(self._spec.breaker.failures, self._spec.breaker.pause_s)
        self.features = tuple(field.name for field in contract.features)
        self.precision = self._spec.tolerance
        self.scale = scale

    def score(self, rows: Sequence[Row]) -> list[float]:
        """What the model answers; ModelUnavailable where nothing, NonsenseScore where nonsense."""
        most = self._spec.rows_per_call
        parts = [rows[start : start + most] for start in range(0, len(rows), most)]
        return [score for part in parts for score in self._scores(part)]

    def _scores(self, rows: Sequence[Row]) -> list[float]:
        """One question."""
        try:
            self._breaker.enter()
        except CircuitOpenError:
            self._unavailable("it failed too often and is left alone for a while")
        body = json.dumps(self._wire.question(Cells(self._spec, self._contract, rows))).encode()
        try:
            scores = scores_in(
                self._wire,
                self._spec,
                self._answer(body, ANSWER_BYTES + ROW_BYTES * len(rows)),
                len(rows),
                probabilities=self.scale == PROBABILITY,
            )
        except (NoAnswerError, HostRefusedError) as failed:
            self._breaker.failed()
            self._unavailable(str(failed))
        except NonsenseAnswerError as nonsense:
            self._breaker.failed()
            raise NonsenseScore(self._spec.host, str(nonsense)) from None
        self._breaker.succeeded()
        return scores

    def _answer(self, body: bytes, limit: int) -> bytes:
        """The answer, asked for again where that was agreed and there is time."""
        spec, until = self._spec, monotonic() + self._spec.timeout_ms / 1000
        tries = 1 + spec.retries
        for again in reversed(range(tries)):
            seconds = until - monotonic()
            try:
                path = self._wire.path(spec)
                return self._caller.post(path, body, seconds=seconds, limit=limit)
            except NoAnswerError:
                if not again or monotonic() >= until:
                    raise
        raise AssertionError  # there is at least one try

    def _unavailable(self, cause: str) -> Never:
        """No answer, and why."""
        raise ModelUnavailable(self._spec.host, cause) from None
