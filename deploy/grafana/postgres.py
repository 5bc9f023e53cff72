"""PostgreSQL as the services see it: their pools, sessions, locks, tables and the log."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.panels import (
    BLUE,
    BYTES,
    BYTES_RATE,
    RATE,
    SECONDS,
    SERVICE,
    SHARE,
    UP_OR_DOWN,
    Line,
    Panels,
    above,
    below,
    course,
    ranking,
    value,
    wide,
)
from deploy.grafana.queries import most, quantile, seen, total

JOB: Final = 'job=~"$job"'
PG: Final = "shaodao_postgresql"
NEVER: Final = {"0": ("从未备份 never", BLUE)}
OLDEST: Final = f"{PG}_oldest_transaction_age_seconds"
WAITING: Final = f"sum({seen(f'{PG}_waiting_sessions', JOB, by='job')})"


def board() -> Board:
    """Each service has a database of its own; what is of the whole server is seen by all."""
    return Board(
        uid="postgresql",
        title="哨到 · PostgreSQL",
        description="PostgreSQL as the services see it; each has a database of its own.",
        section="postgresql",
        rows=[
            Rows("现在 Now", _now()),
            Rows("连接 Connections", _connections()),
            Rows("工作量 Work", _work()),
            Rows("表 Tables", _tables()),
        ],
        choices=[Choice("job", "服务 service", "shaodao_build_info", "job")],
    )


def _now() -> Panels:
    reachable = f"min by (job) (shaodao_database_reachable{{{JOB}}})"
    taken = f"max({PG}_server_connections) / max({PG}_limit_connections)"
    frozen = seen(f"{PG}_oldest_xid_age_transactions", JOB)
    slot, slot_limits = seen(f"{PG}_slot_kept_bytes"), above(4 * 2**30, 16 * 2**30)
    size = f"sum({seen(f'{PG}_database_bytes', JOB, by='job')})"
    finished = seen("shaodao_backup_finished_timestamp_seconds", JOB, by="job")
    backed_up, late = f"(time() - {finished}) * ({finished} > bool 0)", above(26 * 3600, 50 * 3600)
    return [
        *wide(6, reachable=value(reachable, limits=below(1), words=UP_OR_DOWN, services=True)),
        *wide(
            3,
            oldest_transaction=value(seen(OLDEST, JOB), unit=SECONDS, limits=above(60, 600)),
            waiting=value(WAITING, limits=above(3, 10)),
            server_connections=value(taken, unit=SHARE, limits=above(0.7, 0.9), decimals=0),
            wraparound=value(frozen, limits=above(500e6, 1000e6)),
            slot=value(slot, unit=BYTES, limits=slot_limits),
            size=value(size, unit=BYTES),
        ),
        *wide(24, backup=value(backed_up, unit=SECONDS, limits=late, words=NEVER, services=True)),
    ]


def _connections() -> Panels:
    used = total("shaodao_pool_connections", f'state="used",{JOB}', by="job")
    limit = total("shaodao_pool_limit_connections", JOB, by="job")
    wait = Line(quantile(0.99, "shaodao_pool_wait_seconds", JOB, by="job"), SERVICE)
    queue = Line(total("shaodao_pool_waiting_requests", JOB, by="job"), SERVICE)
    sessions = f"sum by (state) ({seen(f'{PG}_connections', JOB, by='job, state')})"
    oldest = Line(seen(OLDEST, JOB, by="job"), SERVICE)
    deadlocks = f"3600 * sum({_rate('deadlocks_total')})"
    return wide(
        8,
        pool=course(Line(used, "占用 used {{job}}"), Line(limit, "上限 limit {{job}}")),
        pool_wait=course(wait, unit=SECONDS, limits=above(0.1, 1), names="service"),
        pool_waiting=course(queue, limits=above(10, 100), names="service"),
        sessions=course(Line(sessions, "{{state}}"), stacked=True),
        transactions_open=course(oldest, unit=SECONDS, limits=above(60, 600), names="service"),
        locks=course(Line(WAITING, "等锁 waiting"), Line(deadlocks, "死锁 deadlocks / h")),
    )


def _work() -> Panels:
    ended = f"sum by (outcome) ({_rate('transactions_total', by='job, outcome')})"
    read = _rate("blocks_total", by="job, source")
    cached = _rate("blocks_total", by="job, source", more='source="cache",')
    hits = Line(f"sum by (job) ({cached}) / (sum by (job) ({read}) > 0)", SERVICE)
    written = f"max(rate({PG}_wal_bytes_total[$__rate_interval]))"
    spilled = f"sum({_rate('temp_bytes_total')})"
    checkpoints = f"3600 * max by (reason) (rate({PG}_checkpoints_total[$__rate_interval]))"
    sizes = Line(seen(f"{PG}_database_bytes", JOB, by="job"), SERVICE)
    return [
        *wide(
            8,
            transactions=course(Line(ended, "{{outcome}}"), unit=RATE),
            cache=course(hits, unit=SHARE, limits=below(0.99, 0.9), names="service"),
            written=course(
                Line(written, "日志 WAL"), Line(spilled, "临时文件 temp"), unit=BYTES_RATE
            ),
        ),
        *wide(
            12,
            checkpoints=course(Line(checkpoints, "{{reason}}")),
            sizes=course(sizes, unit=BYTES, names="service"),
        ),
    ]


def _tables() -> Panels:
    size, rows, dead = (
        Line(most(10, seen(f"{PG}_table_{what}", JOB, by="job, table")), "{{job}} {{table}}")
        for what in ("bytes", "rows", "dead_rows")
    )
    return wide(
        8,
        largest=ranking(size, unit=BYTES),
        most_rows=ranking(rows),
        most_dead=ranking(dead, limits=above(100_000, 1_000_000)),
    )


def _rate(counter: str, *, by: str = "job", more: str = "") -> str:
    """Each copy reads the same counter of its database."""
    return f"max by ({by}) (rate({PG}_{counter}{{{more}{JOB}}}[$__rate_interval]))"
