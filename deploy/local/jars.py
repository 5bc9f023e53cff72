"""Fetches Kafka's jars from the user's Maven repository, exactly those of `kafka.lock.toml`.

jgo does the fetching; the lock is jgo's own format and holds versions and checksums, no hosts.
`python -m deploy.local.jars` fetches, `python -m deploy.local.jars --lock` resolves the lock anew.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from jgo.env import LockedDependency, LockFile
from jgo.maven import MavenContext, PythonResolver

from deploy.local.cache import cache_folder
from deploy.local.errors import DownloadError
from deploy.local.mirrors import SETTING, maven_repository

WANTED = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).parent / "kafka.lock.toml"
STALLED_SECONDS = 30

Say = Callable[[str], None]


def kafka_jars(say: Say = lambda _: None) -> list[Path]:
    """Paths of all jars on Kafka's class path, fetched and checked when they are not there yet."""
    repository = cache_folder() / "maven"
    stamp = repository / f"checked-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}.json"
    if stamp.exists():
        jars = [Path(path) for path in json.loads(stamp.read_text())]
        if all(jar.exists() for jar in jars):
            return jars
    jars = _fetch_all(repository, say)
    stamp.write_text(json.dumps([str(jar) for jar in jars]))
    return jars


def _fetch_all(repository: Path, say: Say) -> list[Path]:
    """Fetch what is missing, a few at a time, and check every one."""
    repository.mkdir(parents=True, exist_ok=True)
    locked = LockFile.load(LOCK).dependencies
    source = maven_repository()
    say(f"正在从 {source} 获取 Kafka 的 {len(locked)} 个 jar（44 MB）")
    context = _context(repository, source, say)
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda one: _fetch(context, one, source), locked))


def _context(repository: Path, source: str, say: Say) -> MavenContext:
    """Maven as jgo sees it: our cache, the user's own repository to copy from, one source."""
    own = Path.home() / ".m2" / "repository"
    return MavenContext(
        resolver=PythonResolver(progress_callback=_slow_watch(say)),
        repo_cache=repository,
        local_repos=[own] if own.is_dir() else [],
        remote_repos={"maven": source},
        timeout=STALLED_SECONDS,
    )


def _slow_watch(say: Say) -> Any:
    """A progress callback that speaks up while one file takes long."""

    @contextmanager
    def watch(name: str, size: int) -> Iterator[Callable[[int], None]]:
        begun = spoken = time.monotonic()
        done = 0

        def more(count: int) -> None:
            nonlocal done, spoken
            done += count
            if time.monotonic() - spoken > STALLED_SECONDS / 3:
                spoken = time.monotonic()
                speed = done / 1024 / (spoken - begun)
                say(f"{name}：{done >> 10} / {size >> 10} kB，{speed:.0f} kB/s；可设镜像 {SETTING}")

        yield more

    return watch


def _fetch(context: MavenContext, locked: LockedDependency, source: str) -> Path:
    """One jar; a file that does not match the lock (cut short, changed) is fetched once more."""
    project = context.project(locked.groupId, locked.artifactId)
    artifact = project.at_version(locked.version).artifact(
        locked.classifier or "", locked.packaging
    )
    for _ in range(2):
        try:
            path: Path = artifact.resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            _forget(artifact.cached_path)
            raise _unreachable(source, locked.artifactId, error) from error
        if hashlib.sha256(path.read_bytes()).hexdigest() == locked.sha256:
            return path
        _forget(artifact.cached_path)
        context.local_repos.clear()
    raise DownloadError(
        f"{locked.artifactId} {locked.version} 的校验和与 {LOCK.name} 不符（来源 {source}）。",
        f"{locked.artifactId} {locked.version} from {source} does not match its locked checksum",
    )


def _forget(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _unreachable(source: str, what: str, error: Exception) -> DownloadError:
    return DownloadError(
        f"下载 {what} 失败（{source}，{STALLED_SECONDS} 秒无响应即视为停滞）：{error}。"
        f"请检查网络，或设置镜像：{SETTING}。",
        f"{what} could not be fetched from {source}: {error}; set a mirror with {SETTING}",
    )


def write_lock() -> int:
    """Resolve the wanted artifacts anew and write the lock; returns how many jars it names."""
    context = _context(cache_folder() / "maven", maven_repository(), _say)
    wanted = [context.create_dependency(coordinate) for coordinate in WANTED]
    for dependency in wanted:
        dependency.scope = "compile"
    chosen, others = context.resolver.resolve(wanted)
    jars = [*chosen, *(d for d in others if d.scope in ("compile", "runtime"))]
    LockFile.from_resolved_dependencies(jars, environment_name="kafka").save(LOCK)
    return len(jars)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Fetch, or lock anew; says in words what went wrong."""
    try:
        if "--lock" in sys.argv[1:]:
            _say(f"{LOCK.name}: {write_lock()} jars")
        else:
            _say(f"Kafka: {len(kafka_jars(_say))} jars")
    except DownloadError as error:
        _say(f"{error.zh}\n{error.en}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
