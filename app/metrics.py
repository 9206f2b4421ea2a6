"""What a process counts, in the text form that Prometheus reads (exposition format 0.0.4)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, the upper edges of a histogram's buckets."""

Labels = tuple[tuple[str, str], ...]


@dataclass
class Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0


@dataclass
class Metrics:
    """One process's, each named in `help`. Single assignments and additions: a reader in another thread sees a value or
    the one before."""

    prefix: str
    help: Mapping[str, str]
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
        return "".join(f"{line}\n" for name in self.help for line in self._lines(name))

    def _lines(self, name: str) -> Iterator[str]:
        full = self.prefix + name
        kind = "histogram" if name in self.histograms else "counter" if name.endswith("_total") else "gauge"
        yield f"# HELP {full} {self.help[name]}"
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
