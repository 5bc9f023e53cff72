"""Whether an expression adds up the copies of a service as their metrics were declared.

Two copies that read the same table show the same number twice: their sum is wrong, and so is the
largest of what each has a share of.
"""

from typing import Any, Final

import promql_parser as promql

from deploy.ops_check.promql import ENDING
from shared.runtime.instruments import DECLARED, Copies

OF_COPIES: Final = {
    Copies.SUM: frozenset({"sum"}),
    Copies.MAX: frozenset({"max"}),
    Copies.MIN: frozenset({"min"}),
    Copies.MAX_OF_RATES: frozenset({"max"}),
}


def faults(expr: str) -> list[str]:
    """Metrics of ours whose copies are put together in another way, or in none; a filled text."""
    return [
        f"{name} of several copies makes its {' or '.join(sorted(wanted))}, not {how or 'each'}"
        for name, how in _innermost(promql.parse(expr), "")
        if (wanted := _wanted(name)) and how not in wanted
    ]


def _wanted(name: str) -> frozenset[str]:
    declared = DECLARED.get(name) or DECLARED.get(ENDING.sub("", name))
    return OF_COPIES.get(declared.copies, frozenset()) if declared else frozenset()


def _innermost(node: Any, how: str) -> list[tuple[str, str]]:
    """Each metric with the nearest aggregation around it."""
    if isinstance(node, promql.VectorSelector):
        return [(node.name or "", how)]
    if isinstance(node, promql.MatrixSelector):
        return _innermost(node.vector_selector, how)
    if isinstance(node, promql.AggregateExpr):
        return _innermost(node.expr, str(node.op))
    if isinstance(node, promql.BinaryExpr):
        return _innermost(node.lhs, how) + _innermost(node.rhs, how)
    if isinstance(node, promql.Call):
        return [found for argument in node.args for found in _innermost(argument, how)]
    return _innermost(node.expr, how) if hasattr(node, "expr") else []
