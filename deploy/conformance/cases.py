"""The cases: what a department's system must be able to live through, each with a name.

A case plays one whistle. What it asks of the department is what any lawful course of the matter
would ask; a person may do it by hand in the department's own screens, or its program by itself.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from deploy.conformance.finding import WrongError
from deploy.conformance.scene import Scene
from services.router.domain.assignment import AssignmentCommand
from services.router.domain.reports.judgement import Refused
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus
from shared.contracts.bureaus import RefusalCode
from shared.contracts.ids import new_id
from shared.contracts.parts import AssignmentState, DeadlineKind, DueChange, WhistleState
from shared.contracts.reports import Report, Resolved, ReturnRequested
from shared.contracts.values import Relation, Urgency
from shared.runtime.clock import wall_now

Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: how it is played, and what is wanted; its name is the function's."""

    play: Play
    zh: str
    en: str

    @property
    def name(self) -> str:
        """By which it is chosen and told."""
        return str(getattr(self.play, "__name__"))  # noqa: B009


async def acknowledge(scene: Scene) -> None:
    await scene.blow()
    await scene.expect("acknowledged")


async def ordinary(scene: Scene) -> None:
    """From the whistle to the resolution, every report in its place."""
    await scene.blow()
    for verb in ("acknowledged", "contacted", "resolved"):
        await scene.expect(verb)


async def redelivery(scene: Scene) -> None:
    await scene.blow(times=3)
    await scene.expect("acknowledged")
    await scene.expect("resolved")
    if scene.count("acknowledged") > 1:
        raise WrongError("同一事件重复送达，签收了不止一次", "acknowledged more than once")


async def unknown_type(scene: Scene) -> None:
    """A kind of event of a later version comes before the next whistle."""

    def later(event: dict[str, Any]) -> None:
        event["type"] = "shaodao.bureau.of_a_later_version.v1"
        event["id"] = str(new_id(wall_now()))

    other = scene.stage.scene(scene.case)
    await other.blow(twist=later)
    await scene.blow()
    await scene.expect("acknowledged")


async def unknown_field(scene: Scene) -> None:
    def richer(event: dict[str, Any]) -> None:
        event["laterextension"] = "x"
        event["data"]["of_a_later_version"] = {"a": [1, 2, 3]}
        event["data"]["assignment"]["of_a_later_version"] = None

    await scene.blow(twist=richer)
    await scene.expect("acknowledged")


async def confidential(scene: Scene) -> None:
    """Who complained is not told: there is no contact clock, and nobody is called."""
    await scene.blow(confidential=True)
    await scene.expect("resolved")
    if scene.count("contacted"):
        raise WrongError("保密件不得联系诉求人", "a confidential matter has nobody to contact")


async def arrival(scene: Scene) -> None:
    await scene.blow(urgency=Urgency.URGENT)
    arrived = (await scene.expect("arrived")).report
    if getattr(arrived, "mode", None) == "on_site" and getattr(arrived, "lat", None) is None:
        raise WrongError("现场报到须带坐标", "an arrival on site carries its point")
    await scene.expect("resolved")


async def informed(scene: Scene) -> None:
    await scene.blow(relation=Relation.INFORMED, lead=scene.stage.other_unit)
    units = scene.referee.held.units()
    await scene.silence_after(
        bureaus.UnitsChanged(whistle_id=scene.whistle_id, seq=2, units=units),
        but=("acknowledged",),
    )
    if extra := {each.verb for each in scene.heard} - {"acknowledged"}:
        said = "、".join(sorted(extra))
        raise WrongError(f"知会单位只需知悉，却报告了 {said}", f"only informed, but said {said}")


async def returned(scene: Scene) -> None:
    """Another's duty is returned with a clause; once that is granted, nothing more is said."""
    await scene.blow(category=scene.stage.foreign_category)
    asked = (await scene.expect("return_requested")).report
    assert isinstance(asked, ReturnRequested)
    seq = scene.referee.move(AssignmentCommand.GRANT_RETURN)
    await scene.silence_after(_ruling(scene, seq, "returned"))


async def return_refused(scene: Scene) -> None:
    """It is the unit's duty after all: it goes on, and does not ask again."""
    await scene.blow(category=scene.stage.foreign_category)
    await scene.expect("return_requested")
    seq = scene.referee.move(AssignmentCommand.BACK_TO_OFFERED)
    await scene.tell(_ruling(scene, seq, "refused"))
    await scene.expect("acknowledged")
    await scene.expect("resolved")
    if scene.count("return_requested") > 1:
        raise WrongError("同一工单只能申请退单一次", "a return is asked for once only")


def _ruling(scene: Scene, seq: int, decision: str) -> bureaus.Ruling:
    return bureaus.Ruling(
        whistle_id=scene.whistle_id,
        seq=seq,
        decision=decision,
        reason="对接测试",
        state=scene.referee.state,
    )


async def refused(scene: Scene) -> None:
    """A report that does not count is not simply sent again and again."""

    def stale(report: Report) -> Refused:
        zh, en = "哨单已结束，不再受理报告", "the whistle has ended"
        return Refused(code=RefusalCode.STALE, zh=zh, en=en)

    scene.refuse = stale
    await scene.blow()
    await scene.expect("acknowledged", counted=None)
    answered = scene.last_offset
    await scene.stage.taken_in(answered)
    await scene.stage.a_while()
    if scene.count("acknowledged") > 1:
        times = scene.count("acknowledged")
        raise WrongError(f"被拒的报告重复发送 {times} 次", f"said {times} times, always refused")


async def waits_for_assisting(scene: Scene) -> None:
    """The lead finishes last: refused while another works, taken once that one is done."""
    other = scene.stage.other_unit
    await scene.blow(assisting=other)
    first = await scene.expect("resolved", counted=False)
    scene.referee.move(AssignmentCommand.ACKNOWLEDGE, unit=other)
    seq = scene.referee.move(AssignmentCommand.RESOLVE, unit=other, done_at=wall_now())
    units = scene.referee.held.units()
    await scene.tell(bureaus.UnitsChanged(whistle_id=scene.whistle_id, seq=seq, units=units))
    again = await scene.expect("resolved")
    if again.report_id == first.report_id:
        raise WrongError("再次办结须用新的 id", "a second resolution needs an id of its own")


async def review_rejected(scene: Scene) -> None:
    """A resolution is sent back: the unit works on and resolves again, in other words."""
    await scene.blow()
    first = (await scene.expect("resolved")).report
    seq = scene.referee.move(AssignmentCommand.REJECT_REVIEW, done_at=None)
    await scene.tell(
        bureaus.ReviewRejected(whistle_id=scene.whistle_id, seq=seq, reason="缺少现场照片")
    )
    again = (await scene.expect("resolved")).report
    assert isinstance(first, Resolved)
    assert isinstance(again, Resolved)
    if again.public_reply == first.public_reply:
        raise WrongError(
            "被退回的答复原样重发", "the reply that was sent back came again as it was"
        )


async def withdrawn(scene: Scene) -> None:
    """Taken back at once: whatever was on its way, nothing is said afterwards."""
    await scene.blow(category=scene.stage.own_category)
    await scene.expect("acknowledged")
    await scene.calm()
    await scene.silence_after(_withdrawn(scene))


def _withdrawn(scene: Scene) -> bureaus.Withdrawn:
    whistle: Whistle = replace(scene.referee.held, state=WhistleState.WITHDRAWN)
    seq = scene.referee.end(whistle)
    return bureaus.Withdrawn(whistle_id=scene.whistle_id, seq=seq, reason="对接测试")


async def suspended(scene: Scene) -> None:
    """Paused: nothing is reported until the work goes on."""

    def hold(report: Report) -> Refused | None:
        """The pause comes between the acknowledgement and whatever follows it."""
        if report.TYPE.split(".")[2] == "acknowledged":
            return None
        zh, en = "已挂账，暂停办理", "the work is paused"
        part = scene.referee.part()
        return Refused(
            code=RefusalCode.WRONG_STATE, zh=zh, en=en, state=part.state, seq=scene.referee.held.seq
        )

    scene.refuse = hold
    await scene.blow()
    await scene.expect("acknowledged")
    now = wall_now()
    seq = scene.referee.move(AssignmentCommand.SUSPEND, paused_at=now)
    await scene.silence_after(
        bureaus.Suspended(whistle_id=scene.whistle_id, seq=seq, reason="冻土期无法施工")
    )
    scene.refuse = None
    seq = scene.referee.move(AssignmentCommand.BACK_TO_ACKNOWLEDGED, paused_at=None)
    await scene.tell(bureaus.Resumed(whistle_id=scene.whistle_id, seq=seq, changes=()))
    await scene.expect("resolved")


async def told_more(scene: Scene) -> None:
    """Further words and another due time: the work goes on, and nothing is taken twice."""
    await scene.blow()
    part = scene.referee.part()
    seq = scene.referee.held.seq
    await scene.tell(
        bureaus.Supplemented(whistle_id=scene.whistle_id, seq=seq, text="补充：在 3 单元门口")
    )
    change = DueChange(
        assignment_id=part.assignment_id,
        unit=part.unit,
        kind=DeadlineKind.RESOLVE,
        due=part.dues.resolve,
    )
    await scene.tell(
        bureaus.DueChanged(
            whistle_id=scene.whistle_id, seq=seq, changes=(change,), reason="对接测试"
        )
    )
    await scene.expect("resolved")
    if scene.count("acknowledged") > 1:
        raise WrongError("收到补充后又签收了一次", "acknowledged again after a supplement")


async def called_again(scene: Scene) -> None:
    """Returned, and called anew by a ruling: another assignment, acknowledged anew."""
    await scene.blow(category=scene.stage.foreign_category)
    await scene.expect("return_requested")
    before = scene.referee.part()
    seq = scene.referee.move(AssignmentCommand.GRANT_RETURN)
    await scene.tell(_ruling(scene, seq, "returned"))
    anew = replace(
        before,
        assignment_id=new_id(wall_now()),
        state=AssignmentState.OFFERED,
        back_to=None,
        return_asked_at=None,
    )
    scene.referee.replace_part(anew)
    await scene.call_again()
    await scene.expect("acknowledged")


async def closed(scene: Scene) -> None:
    await scene.blow()
    await scene.expect("resolved")
    whistle = replace(scene.referee.held, state=WhistleState.CLOSED)
    seq = scene.referee.end(whistle)
    await scene.silence_after(bureaus.Closed(whistle_id=scene.whistle_id, seq=seq))


async def many(scene: Scene) -> None:
    """A burst: each whistle is acknowledged."""
    scenes = [scene.stage.scene(scene.case) for _ in range(50)]
    for each in scenes:
        await each.blow()
    for each in scenes:
        await each.expect("acknowledged")


CASES: Final = (
    Case(acknowledge, "收到哨单即签收", "a whistle is acknowledged"),
    Case(ordinary, "签收、联系、办结依次报告", "reports come in order"),
    Case(redelivery, "重复送达只办一次", "delivered twice, done once"),
    Case(unknown_type, "不认识的事件类型不影响后续", "an unknown type is passed over"),
    Case(unknown_field, "不认识的字段予以忽略", "unknown fields are ignored"),
    Case(confidential, "保密件不联系诉求人", "nobody is contacted in confidence"),
    Case(arrival, "紧急件到场报到并带坐标", "an urgent matter is visited"),
    Case(informed, "知会件不办理", "an informed unit does not act"),
    Case(returned, "非本单位职责按条款退单", "another's duty is returned"),
    Case(return_refused, "退单未获同意则继续办理", "a refused return goes on"),
    Case(refused, "被拒的报告不重复发送", "a refused report is not hammered"),
    Case(waits_for_assisting, "协办未办结时等待再办结", "the lead finishes last"),
    Case(review_rejected, "办结被退回后重新办结", "a rejected resolution is done again"),
    Case(withdrawn, "撤回后不再报告", "nothing after a withdrawal"),
    Case(suspended, "挂账期间不报告", "nothing while suspended"),
    Case(told_more, "补充与时限变更不重复签收", "supplements and new dues are taken in"),
    Case(called_again, "改派回本单位时重新签收", "called anew"),
    Case(closed, "结束后不再报告", "nothing after the end"),
    Case(many, "一次收到五十张哨单", "fifty whistles at once"),
)

RESTART: Final = "restart"
"""The case that kills the department's program; played where the kit may start it."""

STANDING: Final = {
    "schema": ("报告符合合约", "reports keep to the contract"),
    "ids": ("每份报告的 id 唯一且不变", "each report has an id of its own"),
    "subject": ("subject 即 whistle_id", "the subject is the whistle_id"),
    "group": ("消费组以 bureau.<code>. 开头", "the consumer group is the unit's own"),
}
"""What is looked at in all reports, whichever case they belong to."""
