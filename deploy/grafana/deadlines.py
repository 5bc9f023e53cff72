"""Deadlines and ladders: whether promises fire in time, and what is owed and overdue."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    About,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    spread,
    value,
)
from deploy.grafana.queries import (
    buckets,
    in_range,
    mean,
    most,
    or_zero,
    per_hour,
    quantile,
    seen,
    summed,
    within,
)

HERE: Final = "deadlines-and-ladders"
LATENESS: Final = "shaodao_deadline_lateness_seconds"
STEPS: Final = "shaodao_deadline_steps_total"


def board() -> Board:
    """The service that keeps every promise of time."""
    return Board(
        uid="deadlines",
        title="哨到 · 时限与升级",
        description="Deadlines and ladders: lateness of firing, promises open and overdue.",
        section=HERE,
        rows=[
            Rows("触发 Firing", _firing()),
            Rows("承诺 Promises", _promises()),
            Rows("单位与督办 Units and supervision", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _firing() -> list[Panel]:
    return [
        value(
            About(
                "一秒内触发",
                "目标 99.9%。",
                "Rungs fired within 1 s; the objective is 99.9 %.",
                HERE,
            ),
            within(LATENESS, "1.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
        ),
        value(
            About(
                "应触发而未触发",
                "最久一项距应触发的时间；超过 5 秒说明值守没有跟上。",
                "Wall time since the oldest rung that should have fired.",
                HERE,
            ),
            seen("shaodao_deadline_oldest_fire_age_seconds"),
            unit=SECONDS,
            limits=above(2, 5),
        ),
        value(
            About(
                "无法计算的时限",
                "所选时段；应为 0，出现即是缺陷，见日志 deadline_failed。",
                "Promises whose rung could not be worked out, in the time shown.",
                "the-auditor",
            ),
            in_range("shaodao_deadlines_failed_total"),
            limits=above(1),
            decimals=0,
        ),
        value(
            About(
                "无人值守的间隔",
                "所选时段内超出允许的停顿次数；之后要看并放行。",
                "Times that nobody watched, in the time shown.",
                "when-the-system-was-away",
            ),
            in_range("shaodao_watch_gaps_total"),
            limits=above(1),
            decimals=0,
        ),
        value(
            About(
                "时钟倍率",
                "生产环境应为 1；其余为演示。",
                "Domain seconds a wall second; 1 in production.",
                "the-clock",
            ),
            seen("shaodao_clock_rate_ratio"),
            limits=above(1.001),
        ),
        value(
            About(
                "考核数据落后",
                "尚未计入考核数据的事实。",
                "Facts that the figures do not count yet.",
                "figures",
            ),
            seen("shaodao_figures_behind_facts"),
            limits=above(1000, 10000),
        ),
        spread(
            About(
                "触发的迟延",
                "应集中在 0.25 秒以下。",
                "Wall time from the due moment to the commit of the firing.",
                HERE,
            ),
            buckets(LATENESS),
        ),
        course(
            About(
                "触发迟延",
                "p99 超过 1 秒：处理器、锁，或只剩一个副本。",
                "Lateness of firing.",
                HERE,
            ),
            *(Line(quantile(q, LATENESS), f"p{round(100 * q)}") for q in (0.5, 0.95, 0.99)),
            unit=SECONDS,
            limits=above(1, 5),
        ),
        course(
            About(
                "每批触发数与耗时",
                "每次领取的批次的平均大小。",
                "Promises fired in one claimed batch, on average.",
                HERE,
            ),
            Line(mean("shaodao_deadline_batch_deadlines"), "件数 deadlines"),
        ),
        course(
            About(
                "每批触发耗时",
                "从领取到提交。",
                "From the claim of a batch to its commit.",
                HERE,
            ),
            *(
                Line(quantile(q, "shaodao_deadline_batch_duration_seconds"), f"p{round(100 * q)}")
                for q in (0.5, 0.95)
            ),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
    ]


def _promises() -> list[Panel]:
    kinds = summed("shaodao_open_deadlines", 'state="missed"', of="kind, state", by="kind")
    return [
        course(
            About(
                "每小时发生的事",
                "opened 开始，warned 预警，missed 超时，met 按时，met_late 迟到完成。",
                "What happened to promises, an hour.",
                HERE,
            ),
            Line(per_hour(STEPS, by="what"), "{{what}}"),
        ),
        course(
            About(
                "未结束的承诺",
                "暂停的不计时；已超时的逐级升级。",
                "Promises that have not ended, by state.",
                HERE,
            ),
            Line(summed("shaodao_open_deadlines", "", of="kind, state", by="state"), "{{state}}"),
            stacked=True,
            names="promise",
        ),
        ranking(
            About("超时（按承诺）", "现在已超时的承诺。", "Overdue promises, by kind.", HERE),
            Line(most(20, kinds), "{{kind}}"),
            limits=above(10, 100),
            width=8,
            names="deadline",
        ),
        course(
            About(
                "最久的超时（按承诺）",
                "业务时间，反映全市拖延，而非系统故障。",
                "Domain time since the oldest overdue promise was due.",
                HERE,
            ),
            Line(seen("shaodao_deadline_oldest_overdue_age_seconds", by="kind"), "{{kind}}"),
            unit=SECONDS,
            width=8,
            names="deadline",
        ),
        course(
            About(
                "每小时超时（按承诺）",
                "签收超时突增：单位的系统可能断开。",
                "Promises missed an hour, by kind.",
                HERE,
            ),
            Line(per_hour(STEPS, 'what="missed"', by="kind"), "{{kind}}"),
            width=8,
            names="deadline",
        ),
    ]


def _units() -> list[Panel]:
    missed = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="unit")
    by_district = summed(
        "shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="district"
    )
    return [
        ranking(
            About("超时最多的单位", "前十。", "Units with the most overdue promises.", HERE),
            Line(most(10, missed), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        course(
            About(
                "超时（按区）", "所选区与单位。", "Overdue promises of units, by district.", HERE
            ),
            Line(by_district, "{{district}}"),
            stacked=True,
            width=8,
        ),
        course(
            About(
                "所选单位的承诺",
                "计时中、暂停与已超时。",
                "Promises of the chosen units, by state.",
                HERE,
            ),
            Line(summed("shaodao_unit_open_deadlines", OF_UNIT, of=PART, by="state"), "{{state}}"),
            names="promise",
            width=8,
        ),
        course(
            About(
                "督办（每小时）",
                "要求答复、已答复、迟答、不再需要。",
                "Written answers asked for, answered, late, or not wanted any more, an hour.",
                "supervision",
            ),
            Line(per_hour("shaodao_supervisions_total", by="what"), "{{what}}"),
        ),
        course(
            About(
                "归档（每小时）",
                "结束满七天的承诺按月归档；长期为零而未结束的很多，见日志。",
                "Promises put away by month, an hour.",
                "what-is-kept-and-how-long",
            ),
            Line(or_zero(per_hour("shaodao_deadlines_put_away_total")), "归档 put away"),
        ),
    ]
