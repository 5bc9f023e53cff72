"""What can go wrong when a stack is set up or started, each a sentence that says what to do."""

from pathlib import Path

from shared.errors import ShaodaoError


class StackError(ShaodaoError):
    """The stack cannot be started, or one of its parts ended."""

    code = "stack"


class DownloadError(StackError):
    """Something could not be fetched; the sentence names the setting for a mirror."""

    code = "download"


class PortsTakenError(StackError):
    """Another program listens on a port the stack needs."""

    code = "ports_taken"


class FolderInUseError(StackError):
    """Another `shaodao up` runs on this data folder."""

    code = "folder_in_use"


class NotRunningError(StackError):
    """There is no running stack where one was looked for."""

    code = "not_running"


def ended_early(name: str, log: Path | None, *, lines: int = 15) -> StackError:
    """The error for a program that ended before it was ready; quotes the end of its log."""
    tail = ""
    if log is not None and log.exists():
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-lines:])[-4000:]
    return StackError(
        f"{name} 未能启动，日志 {log} 的最后几行见下。",
        f"{name} did not start; its log {log} ends with:\n{tail}",
        code="ended_early",
    )


def not_in_time(name: str, log: Path | None, seconds: float) -> StackError:
    """The error for a program that runs but was not ready in time."""
    return StackError(
        f"{name} 在 {seconds:.0f} 秒内没有就绪，见 {log}。",
        f"{name} was not ready within {seconds:.0f} s; see {log}",
        code="not_in_time",
    )


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to tell when several parts failed together: a sentence of ours if there is."""
    ours = errors.subgroup(ShaodaoError)
    found: BaseException = ours if ours is not None else errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
