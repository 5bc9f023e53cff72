"""What somebody knows who only hears: the state of a whistle folded from events alone.

Written apart from the rules of the router, from DOMAIN §3 and §4: whoever reads the topic
`whistles`, or one unit's own topic, must come to the state that the router's tables hold.
"""

from typing import Any

from shared.contracts.parts import AssignmentState, WhistleState
from shared.contracts.values import WhistleKind

A, W = AssignmentState, WhistleState
FINISHED = {A.DONE, A.RETURNED, A.RELEASED}
Event = dict[str, Any]


class Heard:
    """A whistle as the reader of `whistles` knows it."""

    def __init__(self) -> None:
        self.seq = 0
        self.state: WhistleState | None = None
        self.kind: WhistleKind | None = None
        self.parts: dict[str, tuple[str, str, AssignmentState]] = {}  # unit, relation, state

    def hear(self, event: Event) -> None:
        """One fact more; AssertionError when one is missing."""
        data, what = event["data"], event["type"].split(".")[2]
        # A citizen's supplement is a step of the history, but no fact: seq may skip it.
        assert data["seq"] > self.seq, (data["seq"], self.seq)
        self.seq = data["seq"]
        if what == "held":
            self.state = W.HELD
        elif what == "blown":
            self.state, self.kind = W.OPEN, WhistleKind(data["kind"])
            for part in data["assignments"]:
                self._called(part)
        elif what in ("unit_offered", "assisting_added"):
            self._called(data["assignment"])
        elif what == "acceptance_failed":
            self.state = W.OPEN
            for unit in data["units"]:
                self._moved(self._running(unit), A.WORKING)
        elif what == "accepted":
            self.state = W.ACCEPTED
        elif what in ("closed", "withdrawn"):
            self._ended(W(what))
        elif "assignment_id" in data and "state" in data:
            self._moved(data["assignment_id"], A(data["state"]))
        self._all_done()

    def _called(self, part: Event) -> None:
        self.parts[part["assignment_id"]] = (part["unit"], part["relation"], A(part["state"]))

    def _running(self, unit: str) -> str:
        (found,) = (
            id_
            for id_, (name, _, state) in self.parts.items()
            if name == unit and state not in (A.RETURNED, A.RELEASED)
        )
        return found

    def _moved(self, assignment_id: str, state: AssignmentState) -> None:
        unit, relation, _ = self.parts[assignment_id]
        self.parts[assignment_id] = (unit, relation, state)

    def _ended(self, state: WhistleState) -> None:
        self.state = state
        for assignment_id, (_, _, was) in self.parts.items():
            if was not in FINISHED:
                self._moved(assignment_id, A.RELEASED)

    def _all_done(self) -> None:
        """A joint matter waits for acceptance once nobody works on it: done, or let go last."""
        if self.state is not W.OPEN or self.kind in (None, WhistleKind.CITIZEN_DEMAND):
            return
        working = [s for _, relation, s in self.parts.values() if relation != "informed"]
        lead = [s for _, relation, s in self.parts.values() if relation == "lead"]
        if lead[-1:] in ([A.DONE], [A.RELEASED]) and all(state in FINISHED for state in working):
            self.state = W.AWAITING_ACCEPTANCE


class Told:
    """One unit's part as the reader of its own topic knows it; None before it is called."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.state: AssignmentState | None = None
        self.before_pause: AssignmentState | None = None
        self.over = False

    def hear(self, event: Event) -> None:
        """One view more."""
        data, what = event["data"], event["type"].split(".")[2]
        if what == "whistled":
            self.state, self.over = A(data["assignment"]["state"]), False
        elif what in ("report_accepted", "ruling"):
            self.state = A(data["state"])
        elif what == "units_changed":
            mine = [part["state"] for part in data["units"] if part["unit"] == self.unit]
            self.state = A(mine[-1]) if mine else self.state
        elif what == "suspended":
            if self.state is not A.PAUSED:
                self.before_pause = self.state
            self.state = A.PAUSED
        elif what == "resumed":
            self.state = self.before_pause
        elif what in ("review_rejected", "acceptance_failed"):
            self.state = A.WORKING
        elif what in ("released", "withdrawn", "closed"):
            if self.state not in FINISHED:
                self.state = A.RELEASED
            self.over = what != "released"
