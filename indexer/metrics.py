"""What the process counts, in the text form that Prometheus reads (exposition format 0.0.4)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

PREFIX = "guildhall_indexer_"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, the upper edges of a histogram's buckets."""

HELP = {
    "block": "The newest mirrored block.",
    "blocks_behind": "How far the mirror is behind the head.",
    "finalized_block": "The newest final block that is mirrored.",
    "leader": "1 while this process writes, 0 while it stands by.",
    "events_total": "Logs stored.",
    "quarantined_total": "Logs that could not be read; any is worth an alert.",
    "reorgs_total": "Reorganisations followed.",
    "reorg_depth_blocks": "The depth of the last one.",
    "rpc_requests_total": "Requests to nodes by outcome: ok, refused or unavailable.",
    "rpc_cost_seconds": "What an answer of a node is expected to cost: its time, failures and lag; the least is asked.",
    "rpc_excluded": "1 where a node serves another chain and is left out.",
    "rpc_failovers_total": "Questions that went on to another node because this one failed.",
    "rpc_hedges_total": "Questions asked twice because one node was late, by the node that answered.",
    "quorum_failures_total": "Ranges that the quorum did not vouch for: unanswered, or nodes or the mirror differ.",
    "subscribed": "1 while the node tells of new heads, 0 while the loop only polls.",
    "heads_total": "New heads that the node told of.",
    "subscription_failures_total": "Subscriptions that ended or were refused, by error.",
    "retries_total": "Steps that were tried again, by error.",
    "audit_last_success_timestamp_seconds": "When each check of the auditor was last done (unix seconds).",
    "audit_ranges_total": "Ranges of final blocks read again and compared.",
    "audit_rows_total": "Folded rows compared with a fold from zero.",
    "audit_mismatches_total": "Ranges and rows that differed, by kind; any is worth an alert.",
    "audit_healed_total": "Ranges and rows that were put right, by kind.",
    "audit_alerts_total": "What was found and left to a person.",
    "audit_errors_total": "Turns of the auditor that failed, by error.",
    "audit_surplus": "Base units that a contract holds beyond what is due; anybody may send it some.",
    "audit_shortfall": "Base units that a contract lacks; any is worth an alarm.",
    "batch_seconds": "How long a transaction took.",
}

Labels = tuple[tuple[str, str], ...]


@dataclass
class Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0


@dataclass
class Metrics:
    """One process's. Single assignments and additions: a reader in another thread sees a value or the one before."""

    values: dict[str, dict[Labels, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    histograms: dict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.values[name][tuple(labels.items())] += amount

    def set(self, name: str, value: float, **labels: str) -> None:
        self.values[name][tuple(labels.items())] = value

    def observe(self, name: str, seconds: float) -> None:
        histogram = self.histograms[name]
        histogram.counts[bisect_left(BOUNDS, seconds)] += 1
        histogram.total += seconds

    def text(self) -> str:
        """All of them."""
        return "".join(f"{line}\n" for name in HELP for line in self._lines(name))

    def _lines(self, name: str) -> Iterator[str]:
        full = PREFIX + name
        kind = "histogram" if name in self.histograms else "counter" if name.endswith("_total") else "gauge"
        yield f"# HELP {full} {HELP[name]}"
        yield f"# TYPE {full} {kind}"
        for labels, value in list(self.values.get(name, {}).items()):
            said = ",".join(f'{label}="{text}"' for label, text in labels)
            yield f"{full}{{{said}}} {value:g}" if said else f"{full} {value:g}"
        if name in self.histograms:
            yield from histogram_lines(full, self.histograms[name])


def histogram_lines(name: str, histogram: Histogram) -> Iterator[str]:
    """Buckets hold what the ones before hold, too."""
    edges = [*map(str, BOUNDS), "+Inf"]
    reached = list(accumulate(histogram.counts))
    for edge, count in zip(edges, reached, strict=True):
        yield f'{name}_bucket{{le="{edge}"}} {count}'
    yield f"{name}_sum {histogram.total:g}"
    yield f"{name}_count {reached[-1]}"


metrics = Metrics()
