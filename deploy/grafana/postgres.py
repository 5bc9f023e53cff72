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
    About,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    value,
)
from deploy.grafana.queries import most, quantile, seen, total

HERE: Final = "postgresql"
LOST: Final = "losing-a-server"
JOB: Final = 'job=~"$job"'
EACH: Final = "{{job}}"
TABLE: Final = "{{job}} {{table}}"
PG: Final = "shaodao_postgresql"


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
            About(
                "数据库可达",
                "断开时服务拒绝请求（503）并等待，不会确认任何事件。",
                "Whether the database answered each service.",
                LOST,
            ),
            f"min by (job) (shaodao_database_reachable{{{JOB}}})",
            legend=EACH,
            names="service",
            words={"0": ("断开 down", RED), "1": ("正常 up", GREEN)},
            limits=below(1),
            width=6,
        ),
        value(
            About(
                "最久的事务",
                "长事务使死行无法清理；见手册如何找到并结束它。",
                "Age of the oldest open transaction.",
                HERE,
            ),
            seen(f"{PG}_oldest_transaction_age_seconds", JOB),
            unit=SECONDS,
            limits=above(60, 600),
            width=3,
        ),
        value(
            About("等锁的会话", "持续不为零即查锁。", "Sessions that wait for a lock.", HERE),
            f"sum({seen(f'{PG}_waiting_sessions', JOB, by='job')})",
            limits=above(3, 10),
            width=3,
        ),
        value(
            About(
                "服务器连接占用",
                "全部库的会话占上限的比例。",
                "Sessions of the server, as a share of its limit.",
                HERE,
            ),
            f"max({used}) / max({limit})",
            unit=SHARE,
            limits=above(0.7, 0.9),
            decimals=0,
            width=3,
        ),
        value(
            About(
                "距事务号回卷",
                "最老事务号的年龄；上限 20 亿，清理应早已完成。",
                "How far the databases are from wraparound; 2e9 is the end.",
                HERE,
            ),
            seen(f"{PG}_oldest_xid_age_transactions", JOB),
            limits=above(500e6, 1000e6),
            width=3,
        ),
        value(
            About(
                "复制槽滞留",
                "最慢的复制槽保留的日志；没有复制槽为 0。",
                "WAL that the slowest replication slot keeps.",
                HERE,
            ),
            seen(f"{PG}_slot_kept_bytes"),
            unit=BYTES,
            limits=above(4 * 2**30, 16 * 2**30),
            width=3,
        ),
        value(
            About(
                "数据库大小",
                "三个库合计。",
                "Size of the databases together.",
                HERE,
            ),
            f"sum({seen(f'{PG}_database_bytes', JOB, by='job')})",
            unit=BYTES,
            width=3,
        ),
    ]


def _connections() -> list[Panel]:
    return [
        course(
            About(
                "连接池占用",
                "占用长期等于上限：请求在排队，先查慢查询再加大。",
                "Connections of the pools in use, and their limit.",
                HERE,
            ),
            Line(
                total("shaodao_pool_connections", f'state="used",{JOB}', by="job"),
                "占用 used {{job}}",
            ),
            Line(total("shaodao_pool_limit_connections", JOB, by="job"), "上限 limit {{job}}"),
            width=8,
        ),
        course(
            About(
                "等连接的时间",
                "p99 应在 10 毫秒以下；超限后请求被拒。",
                "How long getting a connection took, 99th percentile.",
                HERE,
            ),
            Line(quantile(0.99, "shaodao_pool_wait_seconds", JOB, by="job"), EACH),
            unit=SECONDS,
            limits=above(0.1, 1),
            names="service",
            width=8,
        ),
        course(
            About("等连接的请求", "现在在等的。", "Who waits for a connection now.", HERE),
            Line(total("shaodao_pool_waiting_requests", JOB, by="job"), EACH),
            limits=above(10, 100),
            names="service",
            width=8,
        ),
        course(
            About(
                "会话（按状态）",
                "idle_in_transaction 增多：有事务没有结束。",
                "Sessions in the databases, by state.",
                HERE,
            ),
            Line(
                f"sum by (state) ({seen(f'{PG}_connections', JOB, by='job, state')})", "{{state}}"
            ),
            stacked=True,
            width=8,
        ),
        course(
            About(
                "最久的事务（按服务）",
                "超过十分钟请处理。",
                "Age of the oldest open transaction, by service.",
                HERE,
            ),
            Line(seen(f"{PG}_oldest_transaction_age_seconds", JOB, by="job"), EACH),
            unit=SECONDS,
            limits=above(60, 600),
            names="service",
            width=8,
        ),
        course(
            About(
                "等锁与死锁",
                "死锁会自动重试；经常出现请报告。",
                "Sessions that wait for a lock, and deadlocks an hour.",
                HERE,
            ),
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
            About(
                "每秒事务",
                "回滚增多：看日志中的错误。",
                "Transactions a second, by outcome.",
                HERE,
            ),
            Line(
                f"sum by (outcome) ({_rate('transactions_total', by='job, outcome')})",
                "{{outcome}}",
            ),
            unit=RATE,
            width=8,
        ),
        course(
            About(
                "缓存命中",
                "低于 99%：内存不足，或有全表扫描。",
                "Blocks found in the cache.",
                HERE,
            ),
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
            About(
                "每秒日志与临时文件",
                "临时文件增多：排序超出内存。",
                "WAL written and bytes sorted on disk, a second.",
                HERE,
            ),
            Line(f"max(rate({PG}_wal_bytes_total[$__rate_interval]))", "日志 WAL"),
            Line(f"sum({_rate('temp_bytes_total')})", "临时文件 temp"),
            unit=BYTES_RATE,
            width=8,
        ),
        course(
            About(
                "检查点（每小时）",
                "requested 多于 timed：加大 max_wal_size。",
                "Checkpoints an hour, by reason.",
                HERE,
            ),
            Line(
                f"3600 * max by (reason) (rate({PG}_checkpoints_total[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
        course(
            About(
                "数据库大小（按服务）",
                "结合磁盘余量看增长。",
                "Size of each database.",
                HERE,
            ),
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
            About("最大的表", "含索引。", "The largest tables with their indexes.", HERE),
            Line(most(10, seen(f"{PG}_table_bytes", JOB, by="job, table")), TABLE),
            unit=BYTES,
            width=8,
        ),
        ranking(
            About("行数最多的表", "估计值。", "The tables with the most rows, estimated.", HERE),
            Line(most(10, rows), TABLE),
            unit=COUNT,
            width=8,
        ),
        ranking(
            About(
                "死行最多的表",
                "长期很多：长事务或复制槽阻止了清理。",
                "The tables with the most dead rows.",
                HERE,
            ),
            Line(most(10, dead), TABLE),
            limits=above(100_000, 1_000_000),
            width=8,
        ),
    ]


def _rate(counter: str, *, by: str = "job", more: str = "") -> str:
    """Each copy reads the same counter of its database."""
    return f"max by ({by}) (rate({PG}_{counter}{{{more}{JOB}}}[$__rate_interval]))"
