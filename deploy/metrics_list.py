"""Writes `METRICS.md`, the list of all metrics, from what the services declare.

`python -m deploy.metrics_list` writes it; with `--check` it says whether it is stale.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from services.intake import metrics as of_intake
from services.notifier import metrics as of_notifier
from services.router import metrics as of_router
from shared.delivery import metrics as of_delivery
from shared.runtime import metrics as of_runtime
from shared.runtime import postgres as of_postgres
from shared.runtime.instruments import DECLARED, Copies, Declared, Open

FILE: Final = Path(__file__).parent / "METRICS.md"
SECTIONS: Final[Mapping[str, ModuleType]] = {
    "All three services": of_runtime,
    "PostgreSQL, as each service sees its own database": of_postgres,
    "What is sent outside": of_delivery,
    "Intake": of_intake,
    "Router": of_router,
    "Notifier": of_notifier,
}
ADDING_UP: Final[Mapping[Copies, str]] = {
    Copies.SUM: "`sum`",
    Copies.MAX: "`max`",
    Copies.MIN: "`min`",
    Copies.EACH: "each",
    Copies.MAX_OF_RATES: "`max` of `rate`",
}
HEAD: Final = """# Metrics

Written by `python -m deploy.metrics_list` from what the services declare; do not edit.

Each service serves `GET /metrics` at its own port, without a token: no label holds a ticket, a
person or a word that somebody wrote. The metrics of Python and of the process that the client
library brings along (`process_*`, `python_*`) are there besides.

**Copies** says how the values of several copies of a service add up. `sum`: each has its share.
`max`, `min`: each shows the same, mostly what the database they share says, or the worst counts;
never add them up. each: of one process, look at it by `instance`. `max` of `rate`: each counts the
same, so rate first: `max by (job) (rate(…))`. What a copy cannot find out, because its database or
Kafka is away, is `NaN` or has no series until it can.

**Labels**: the values of a closed set are listed, and where they are few their series are there
at 0 from the start. Of an open one it is said what it is and how many values there are at most; a
test walks all series after real traffic and holds them to it.
"""


def document() -> str:
    """The whole file as it should be."""
    parts = [HEAD]
    for title, module in SECTIONS.items():
        parts.append(f"## {title}\n")
        parts.append("| metric | type | labels | copies | meaning |\n|---|---|---|---|---|")
        parts.extend(_row(each) for each in declared_in(module))
        parts.append("")
    parts.append("## Labels\n")
    parts.append("| label | values | at most |\n|---|---|---|")
    parts.extend(f"| `{label}` | {_cell(o.meaning)} | {o.most:,} |" for label, o in open_labels())
    return "\n".join(parts) + "\n"


def declared_in(module: ModuleType) -> Iterator[Declared]:
    """The metrics of a module, in the order in which it declares them."""
    for made in vars(module).values():
        if isinstance(made, Counter | Gauge | Histogram):
            found = DECLARED[_full_name(made)]
            yield found


def _full_name(made: Counter | Gauge | Histogram) -> str:
    [family] = made.describe()
    return f"{family.name}_total" if isinstance(made, Counter) else str(family.name)


def open_labels() -> list[tuple[str, Open]]:
    """Every label that is not a closed set somewhere, with its bound."""
    found = {
        (label, values)
        for each in DECLARED.values()
        for label, values in each.labels.items()
        if isinstance(values, Open)
    }
    return sorted(found, key=lambda pair: (pair[0], pair[1].meaning))


def _row(each: Declared) -> str:
    labels = "<br>".join(f"`{label}`: {_values(values)}" for label, values in each.labels.items())
    meaning = _cell(each.meaning)
    if each.buckets:
        meaning += f" Buckets: {', '.join(f'{bound:g}' for bound in each.buckets)}."
    return f"| `{each.name}` | {each.type} | {labels} | {ADDING_UP[each.copies]} | {meaning} |"


def _values(values: tuple[str, ...] | Open) -> str:
    return "open, see below" if isinstance(values, Open) else ", ".join(values)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the file, or with `--check` end with 1 when it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        FILE.write_text(document(), "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != document():
        raise SystemExit(f"{FILE.name} is stale: python -m deploy.metrics_list")


if __name__ == "__main__":
    main()
