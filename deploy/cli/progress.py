"""Draws the start of a stack in the terminal: one line a part, with what it is waiting for."""

from types import TracebackType

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from deploy.cli.output import err
from deploy.local.report import Step

LABELS = {
    Step.KAFKA: "Kafka 消息总线",
    Step.POSTGRES: "PostgreSQL 数据库",
    Step.TOPICS: "主题 topics",
    Step.MIGRATIONS: "数据库迁移 migrations",
    Step.INTAKE: "受理 intake",
    Step.ROUTER: "派单 router",
    Step.NOTIFIER: "督办 notifier",
    Step.CITY: "模拟城市 city",
    Step.CANARY: "全程探测 canary",
}


class Screen:
    """A Report on the terminal; afterwards it prints plain lines."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", style="dim"),
            console=err,
        )
        self._tasks: dict[Step, TaskID] = {}

    def __enter__(self) -> "Screen":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, step: Step) -> None:
        """A part is being started."""
        self._tasks[step] = self._progress.add_task(LABELS[step], total=1, detail="…")

    def done(self, step: Step, detail: str = "") -> None:
        """A part is ready."""
        self._progress.update(self._tasks[step], completed=1, detail=detail)

    def say(self, zh: str, en: str) -> None:
        """A line above the parts."""
        self._progress.console.print(zh if zh == en else f"{zh}（{en}）", markup=False)
