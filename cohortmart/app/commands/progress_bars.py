"""Bars on a terminal: the step, and below it the work in it that takes longer."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

#: Seconds after which work has a bar.
PATIENCE = 2.0
#: Redrawn so often a second; more would only take time from what is computed.
_A_SECOND = 5
_MOST_ROWS = 4


class ProgressBars:
    """Shows how far the work of a step is. A `Listener` of `cohortmart.core.progress`.

    Parameters
    ----------
    doing : str
        The step, which is shown from its beginning.
    patience : float, optional
        Seconds after which work in it is shown, too; `PATIENCE` if not given.
    console : Console, optional
        Standard error if not given; lines that are printed meanwhile stand above the bars.
    """

    def __init__(
        self, doing: str, patience: float | None = None, console: Console | None = None
    ) -> None:
        console = console or Console(stderr=True, highlight=False)
        self._bars = _Bars(
            SpinnerColumn(),
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            _Bar(),
            _Done(),
            _Left(),
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=_A_SECOND,
            patience=PATIENCE if patience is None else patience,
        )
        self._step = self._bars.add_task(f"{doing} …", total=None, of_step=True)

    def __enter__(self) -> ProgressBars:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def began(self, what: str, total: float | None) -> int:
        """Add a bar, which is shown once its work has taken long."""
        return int(self._bars.add_task(what, total=total or None, what=what, of_step=False))

    def came_to(self, key: int, done: float, total: float | None, detail: str) -> None:
        """Move a bar."""
        fields: dict[str, Any] = {"completed": done}
        if total:
            fields["total"] = max(total, done)
        task = TaskID(key)
        if detail:
            fields["description"] = f"{self._bars.what_of(task)}: {detail}"
        self._bars.update(task, **fields)

    def ended(self, key: int) -> None:
        """Take a bar away."""
        self._bars.remove_task(TaskID(key))


class _Bars(Progress):
    """Rich's bars, of which those are shown whose work has taken long."""

    def __init__(self, *columns: ProgressColumn, patience: float, **options: Any) -> None:
        self._patience = patience
        super().__init__(*columns, **options)

    def what_of(self, task: TaskID) -> str:
        """Return what the work of a bar is called."""
        return str(self._tasks[task].fields["what"])

    def get_renderables(self) -> Iterable[Any]:
        """Yield a table of the bars that are shown."""
        long = [t for t in self.tasks if t.fields["of_step"] or (t.elapsed or 0) >= self._patience]
        yield self.make_tasks_table(long[:_MOST_ROWS])


class _Bar(BarColumn):
    """The bar itself; none for a step as a whole."""

    def __init__(self) -> None:
        super().__init__(bar_width=24)

    def render(self, task: Task) -> Any:
        """Return the bar of a task."""
        return Text("") if task.fields["of_step"] else super().render(task)


class _Done(ProgressColumn):
    """How much is done of how much."""

    def render(self, task: Task) -> Text:
        """Return it in numbers."""
        if task.fields["of_step"]:
            return Text("")
        done = f"{task.completed:,.0f}"
        return Text(done if task.total is None else f"{done} of {task.total:,.0f}")


class _Left(TimeRemainingColumn):
    """How long it will take; how long it has taken where that cannot be said."""

    def render(self, task: Task) -> Text:
        """Return it in hours, minutes and seconds."""
        if task.fields["of_step"] or task.total is None or task.time_remaining is None:
            return Text(_clock(task.elapsed or 0), style="progress.elapsed")
        return Text(f"{_clock(task.time_remaining)} left", style="progress.remaining")


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
