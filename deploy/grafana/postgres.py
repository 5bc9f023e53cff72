"""PostgreSQL as the services see it: their pools, sessions, locks, tables and the log."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.panels import (
    BYTES,
    BYTES_RATE,
    COUNT,
    GREEN,
    RATE,
    RED,
    SECONDS,
    SHARE,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    value,
    words_of,
)
from deploy.grafana.queries import most, quantile, seen, total

HERE: Final = "postgresql"
LOST: Final = "losing-a-server"
JOB: Final = 'job=~"$job"'
EACH: Final = "{{job}}"
TABLE: Final = "{{job}} {{table}}"
PG: Final = "shaodao_postgresql"
ABOUT: Final = words_of("postgres")


def board() -> Board:
    """Each service has a database of its own; what is of the whole server is seen by all."""
    return Board(
        uid="postgresql",
        title="哨到 · PostgreSQL",
        description="PostgreSQL as the services see it; each has a database of its own.",
        section=HERE,
        rows=[
            Rows("现在 Now", _now()),
            Rows("连接 Connections", _connections()),
            Rows("工作量 Work", _work()),
            Rows("表 Tables", _tables()),
        ],
        choices=[Choice("job", "服务 service", "shaodao_build_info", "job")],
    )


def _now() -> list[Panel]:
    used, limit = f"{PG}_server_connections", f"{PG}_limit_connections"
    return [
        value(
            ABOUT["reachable"],
            f"min by (job) (shaodao_database_reachable{{{JOB}}})",
            legend=EACH,
            names="service",
            words={"0": ("断开 down", RED), "1": ("正常 up", GREEN)},
            limits=below(1),
            width=6,
        ),
        value(
            ABOUT["oldest_transaction"],
            seen(f"{PG}_oldest_transaction_age_seconds", JOB),
            unit=SECONDS,
            limits=above(60, 600),
            width=3,
        ),
        value(
            ABOUT["waiting"],
            f"sum({seen(f'{PG}_waiting_sessions', JOB, by='job')})",
            limits=above(3, 10),
            width=3,
        ),
        value(
            ABOUT["server_connections"],
            f"max({used}) / max({limit})",
            unit=SHARE,
            limits=above(0.7, 0.9),
            decimals=0,
            width=3,
        ),
        value(
            ABOUT["wraparound"],
            seen(f"{PG}_oldest_xid_age_transactions", JOB),
            limits=above(500e6, 1000e6),
            width=3,
        ),
        value(
            ABOUT["slot"],
            seen(f"{PG}_slot_kept_bytes"),
            unit=BYTES,
            limits=above(4 * 2**30, 16 * 2**30),
            width=3,
        ),
        value(
            ABOUT["size"],
            f"sum({seen(f'{PG}_database_bytes', JOB, by='job')})",
            unit=BYTES,
            width=3,
        ),
    ]


def _connections() -> list[Panel]:
    return [
        course(
            ABOUT["pool"],
            Line(
                total("shaodao_pool_connections", f'state="used",{JOB}', by="job"),
                "占用 used {{job}}",
            ),
            Line(total("shaodao_pool_limit_connections", JOB, by="job"), "上限 limit {{job}}"),
            width=8,
        ),
        course(
            ABOUT["pool_wait"],
            Line(quantile(0.99, "shaodao_pool_wait_seconds", JOB, by="job"), EACH),
            unit=SECONDS,
            limits=above(0.1, 1),
            names="service",
            width=8,
        ),
        course(
            ABOUT["pool_waiting"],
            Line(total("shaodao_pool_waiting_requests", JOB, by="job"), EACH),
            limits=above(10, 100),
            names="service",
            width=8,
        ),
        course(
            ABOUT["sessions"],
            Line(
                f"sum by (state) ({seen(f'{PG}_connections', JOB, by='job, state')})", "{{state}}"
            ),
            stacked=True,
            width=8,
        ),
        course(
            ABOUT["transactions_open"],
            Line(seen(f"{PG}_oldest_transaction_age_seconds", JOB, by="job"), EACH),
            unit=SECONDS,
            limits=above(60, 600),
            names="service",
            width=8,
        ),
        course(
            ABOUT["locks"],
            Line(f"sum({seen(f'{PG}_waiting_sessions', JOB, by='job')})", "等锁 waiting"),
            Line(f"3600 * sum({_rate('deadlocks_total')})", "死锁 deadlocks / h"),
            width=8,
        ),
    ]


def _work() -> list[Panel]:
    read = _rate("blocks_total", by="job, source")
    cached = _rate("blocks_total", by="job, source", more='source="cache",')
    return [
        course(
            ABOUT["transactions"],
            Line(
                f"sum by (outcome) ({_rate('transactions_total', by='job, outcome')})",
                "{{outcome}}",
            ),
            unit=RATE,
            width=8,
        ),
        course(
            ABOUT["cache"],
            Line(
                f"sum by (job) ({cached}) / (sum by (job) ({read}) > 0)",
                EACH,
            ),
            unit=SHARE,
            limits=below(0.99, 0.9),
            names="service",
            width=8,
        ),
        course(
            ABOUT["written"],
            Line(f"max(rate({PG}_wal_bytes_total[$__rate_interval]))", "日志 WAL"),
            Line(f"sum({_rate('temp_bytes_total')})", "临时文件 temp"),
            unit=BYTES_RATE,
            width=8,
        ),
        course(
            ABOUT["checkpoints"],
            Line(
                f"3600 * max by (reason) (rate({PG}_checkpoints_total[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
        course(
            ABOUT["sizes"],
            Line(seen(f"{PG}_database_bytes", JOB, by="job"), EACH),
            unit=BYTES,
            names="service",
        ),
    ]


def _tables() -> list[Panel]:
    dead = seen(f"{PG}_table_dead_rows", JOB, by="job, table")
    rows = seen(f"{PG}_table_rows", JOB, by="job, table")
    return [
        ranking(
            ABOUT["largest"],
            Line(most(10, seen(f"{PG}_table_bytes", JOB, by="job, table")), TABLE),
            unit=BYTES,
            width=8,
        ),
        ranking(
            ABOUT["most_rows"],
            Line(most(10, rows), TABLE),
            unit=COUNT,
            width=8,
        ),
        ranking(
            ABOUT["most_dead"],
            Line(most(10, dead), TABLE),
            limits=above(100_000, 1_000_000),
            width=8,
        ),
    ]


def _rate(counter: str, *, by: str = "job", more: str = "") -> str:
    """Each copy reads the same counter of its database."""
    return f"max by ({by}) (rate({PG}_{counter}{{{more}{JOB}}}[$__rate_interval]))"
