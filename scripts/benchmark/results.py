"""What was measured, and how it is shown: pairs of service and floor, and single figures with their limits."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmark.contest import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rates that were measured in turn; `target` is the least ratio of the first to the second."""

    what: str
    clients: int
    names: tuple[str, str]
    rates: tuple[float, float]
    cpu_milliseconds: tuple[float, float]
    target: float | None = None

    @classmethod
    def of(
        cls, what: str, clients: int, names: tuple[str, str], sides: tuple[Side, Side], target: float | None = None
    ) -> "Pair":
        """The pair of two sides."""
        first, second = sides
        cpu = first.cpu_milliseconds, second.cpu_milliseconds
        return cls(what, clients, names, (first.rate, second.rate), cpu, target)

    @property
    def ratio(self) -> float:
        """Of the first to the second."""
        return self.rates[0] / self.rates[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; `limit` is the most that it should be."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """All of one run."""

    machine: dict[str, str]
    pairs: list[Pair]
    figures: list[Figure]

    def to_json(self) -> dict[str, Any]:
        """For machines; every pair with its ratio."""
        return {
            "machine": self.machine,
            "pairs": [{**asdict(pair), "ratio": pair.ratio} for pair in self.pairs],
            "figures": [asdict(figure) for figure in self.figures],
        }

    def show(self, console: Console) -> None:
        """Two tables."""
        pairs = Table(title="Requests a second, measured in turn")
        for name in ("what", "clients", "first", "second", "ratio", "target", "CPU ms a request"):
            pairs.add_column(name, justify="left" if name == "what" else "right")
        for pair in self.pairs:
            first, second = (f"{name} {rate:,.0f}" for name, rate in zip(pair.names, pair.rates, strict=True))
            cpu = " / ".join(f"{each:.2f}" for each in pair.cpu_milliseconds)
            pairs.add_row(
                pair.what, str(pair.clients), first, second, f"{pair.ratio:.2f}", _least(pair.ratio, pair.target), cpu
            )
        console.print(pairs)
        figures = Table(title="Single figures")
        for name in ("what", "value", "limit", "how"):
            figures.add_column(name, justify="left" if name in ("what", "how") else "right")
        for figure in self.figures:
            value = f"{figure.value:,.2f} {figure.unit}".strip()
            figures.add_row(figure.what, value, _most(figure.value, figure.limit), figure.how)
        console.print(figures)


def _least(value: float, target: float | None) -> str:
    return "" if target is None else f">= {target:g} {'yes' if value >= target else 'NO'}"


def _most(value: float, limit: float | None) -> str:
    return "" if limit is None else f"<= {limit:g} {'yes' if value <= limit else 'NO'}"
