"""The live view on a terminal, plain lines elsewhere, and the closing tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.scene import Scene, TaskRow, usdc

NEWS_LINES = 8
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
        news = Text("\n".join(self.scene.news[-NEWS_LINES:]), style="dim", no_wrap=True, overflow="ellipsis")
        title = Text(f" Guildhall  {self.elapsed():5.1f} s   {self.act}", style="bold")
        return Group(title, task_table(self.scene), money_line(self.scene), Panel(news, border_style="dim"))


def task_table(scene: Scene) -> Table:
    table = Table(expand=True, show_edge=False, pad_edge=False)
    for name, right in (
        ("story", False), ("task", False), ("buyer", False), ("state", False), ("budget", True), ("bids", True),
        ("price", True), ("agent got", True), ("fee", True), ("buyer back", True), ("held", True), ("", False),
    ):  # fmt: skip
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for task_id, row in scene.tasks.items():
        table.add_row(*cells(scene, task_id, row))
    return table


def cells(scene: Scene, task_id: str, row: TaskRow) -> list[str | Text]:
    verdict = {"told": "[ok]", "failed": "[failed]"}.get(scene.stories.get(row.story, ""), "")
    money = (row.paid - row.fees, row.fees, row.refunded, row.remaining)
    return [
        row.story,
        row.title,
        row.buyer,
        Text(row.state, style=STYLES.get(row.state, "")),
        usdc(row.budget),
        str(scene.bids.get(task_id, "")),
        "" if row.price is None else usdc(row.price),
        *(usdc(amount) if amount else "" for amount in money),
        Text(f"{verdict} {row.note or row.reason or ''}".strip(), style="red" if "failed" in verdict else "dim"),
    ]


def money_line(scene: Scene) -> Text:
    rows = scene.tasks.values()
    sums = {
        "paid to agents": sum(row.paid - row.fees for row in rows),
        "back to buyers": sum(row.refunded for row in rows),
        "fees": sum(row.fees for row in rows),
        "held": sum(row.remaining for row in rows),
    }
    return Text("   ".join(f"{name} {usdc(amount)}" for name, amount in sums.items()) + "   USDC", style="bold")
