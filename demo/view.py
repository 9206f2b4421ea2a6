"""The live view on a terminal, plain lines elsewhere, and the closing tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.scene import Scene, TaskRow, usdc

NEWS_LINES = 8
TALL = 32


@dataclass(frozen=True)
class Column:
    name: str
    is_number: bool = False
    from_width: int = 0
    max_width: int | None = None


COLUMNS = (
    Column("story"),
    Column("task", from_width=150, max_width=28),
    Column("buyer", from_width=105),
    Column("state"),
    Column("budget", True),
    Column("bids", True, from_width=128),
    Column("price", True, from_width=95),
    Column("to agent", True),
    Column("fee", True, from_width=128),
    Column("to buyer", True),
    Column("held", True),
    Column("end", from_width=85, max_width=24),
)
STYLES = {
    "released": "green",
    "claimed": "green",
    "settled": "green",
    "ruled": "magenta",
    "refunded": "cyan",
    "disputed": "yellow",
    "overdue": "yellow",
    "funding_failed": "red",
}


class View:
    """Shows the scene. `say` is for what the conductor itself does."""

    def __init__(self, console: Console, scene: Scene) -> None:
        self.console = console
        self.scene = scene
        self.began = time.monotonic()
        self.act = ""
        self._live: Live | None = None
        self._printed = 0

    @contextmanager
    def showing(self) -> Iterator[None]:
        """A live display where there is a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self.picture(), console=self.console, refresh_per_second=6, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def say(self, text: str) -> None:
        self.act = text
        self.scene.news.append(f"* {text}")
        self.refresh()

    def refresh(self) -> None:
        if self._live is not None:
            self._live.update(self.picture())
        elif not self.console.is_terminal:
            for line in self.scene.news[self._printed :]:
                self.console.print(f"{self.elapsed():6.1f}  {line}", highlight=False, markup=False, soft_wrap=True)
        self._printed = len(self.scene.news)

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def picture(self) -> RenderableType:
        lines = NEWS_LINES if self.console.height >= TALL else NEWS_LINES // 2
        news = one_line_each("\n".join(self.scene.news[-lines:]), "dim")
        title = one_line_each(f" Guildhall  {self.elapsed():5.1f} s   {self.act}", "bold")
        table = task_table(self.scene, self.console.width)
        return Group(title, table, money_line(self.scene), Panel(news, border_style="dim"))


def one_line_each(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def task_table(scene: Scene, width: int) -> Table:
    """As many columns as fit, the money first."""
    table = Table(expand=True, show_edge=False, pad_edge=False)
    shown = [column for column in COLUMNS if width >= column.from_width]
    for column in shown:
        justify: JustifyMethod = "right" if column.is_number else "left"
        table.add_column(column.name, justify=justify, no_wrap=True, overflow="ellipsis", max_width=column.max_width)
    for task_id, row in scene.tasks.items():
        cells = cells_of(scene, task_id, row)
        table.add_row(*(cells[column.name] for column in shown))
    return table


def cells_of(scene: Scene, task_id: str, row: TaskRow) -> dict[str, str | Text]:
    verdict = {"told": "ok", "failed": "FAILED"}.get(scene.stories.get(row.story, ""), "")
    money = {"to agent": row.paid - row.fees, "fee": row.fees, "to buyer": row.refunded, "held": row.remaining}
    ends = " ".join(word for word in (verdict, row.note or row.reason or "") if word)
    return {
        "story": row.story,
        "task": row.title,
        "buyer": row.buyer,
        "state": Text(row.state, style=STYLES.get(row.state, "")),
        "budget": usdc(row.budget),
        "bids": str(scene.bids.get(task_id, "")),
        "price": "" if row.price is None else usdc(row.price),
        **{name: usdc(amount) if amount else "" for name, amount in money.items()},
        "end": Text(ends, style="bold red" if verdict == "FAILED" else "dim"),
    }


def money_line(scene: Scene) -> Text:
    rows = scene.tasks.values()
    sums = {
        "paid to agents": sum(row.paid - row.fees for row in rows),
        "back to buyers": sum(row.refunded for row in rows),
        "fees": sum(row.fees for row in rows),
        "held": sum(row.remaining for row in rows),
    }
    return Text("   ".join(f"{name} {usdc(amount)}" for name, amount in sums.items()) + "   USDC", style="bold")
