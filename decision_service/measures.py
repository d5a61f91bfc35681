"""What the service counts of itself, for Prometheus. Nothing here names a person or a case."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """Counters of one application; each has its own, so that tests do not share them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "countermand_request_seconds",
            "Time to answer a request, by route",
            ("method", "route", "status"),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._decisions = Counter(
            "countermand_decisions",
            "Decisions recorded, by bundle and recommendation; unscored ones are without a score",
            ("bundle", "recommendation"),
            registry=self._registry,
        )
        self._size = Gauge(
            "countermand_ledger_entries", "Entries in the ledger", registry=self._registry
        )
        self._unsigned = Gauge(
            "countermand_ledger_unsigned_entries",
            "Entries that no signed checkpoint covers",
            registry=self._registry,
        )
        self._unanchored = Gauge(
            "countermand_ledger_unanchored_entries",
            "Entries that no memory outside covers, as far as witnesses told",
            registry=self._registry,
        )
        self._signing = Gauge(
            "countermand_ledger_signing",
            "1 while a signer runs and does not refuse to sign",
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def decision(self, bundle: str, recommendation: str) -> None:
        """One decision was recorded."""
        self._decisions.labels(bundle, recommendation).inc()

    def text(self, *, entries: int, signed: int, unanchored: int, signing: bool) -> bytes:
        """Everything, as Prometheus reads it."""
        self._size.set(entries)
        self._unsigned.set(entries - signed)
        self._unanchored.set(unanchored)
        self._signing.set(signing)
        return generate_latest(self._registry)
