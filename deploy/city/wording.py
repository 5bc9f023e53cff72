"""What bureaus write: progress, measures and public replies that fit the category of the matter."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from shared.contracts.parts import Result, SuspensionCode
from shared.contracts.reports import FactsTrue, ReturnReason
from shared.contracts.values import TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts for one category."""

    progress: str
    measures: str
    reply: str


GENERAL = Wording(
    progress="已安排人员核查",
    measures="接单后联系反映人，派员到现场核查并按职责处理",
    reply="您反映的事项我单位已核查处理，如有疑问请联系承办人员，感谢您的监督。",
)
CONSULT = Wording(
    progress="正在核对相关政策",
    measures="查阅现行政策，电话向咨询人说明办理条件、材料、地点和时限，并发送办事指南",
    reply="您咨询的问题已电话向您说明，办理条件、所需材料和办理地点以办事指南为准，办理中遇到问题可随时联系我们。",
)
PRAISE = Wording(
    progress="已转达表扬",
    measures="向当事人所在科室转达表扬，并在单位例会上通报",
    reply="感谢您的肯定，您的表扬已转达本人并在单位内部通报，我们会继续努力。",
)
ASSISTING: tuple[Wording, ...] = (
    Wording(
        progress="已派员到场配合主办单位",
        measures="按主办单位的分工到场配合，完成本单位职责范围内的工作",
        reply="我单位已按分工完成配合工作，后续由主办单位统一答复。",
    ),
    Wording(
        progress="已与主办单位对接分工",
        measures="向主办单位提供资料和人员支持，现场共同处置",
        reply="我单位职责范围内的工作已完成，并已将情况告知主办单位。",
    ),
    Wording(
        progress="已安排专人参与联合处置",
        measures="参加现场会商和联合处置，落实本单位承担的事项",
        reply="本单位承担的事项已落实，将继续配合主办单位做好后续工作。",
    ),
)

INSTEAD_OF_SOLVED: Mapping[Result, str] = {
    Result.PARTLY: "目前已完成一部分，其余部分已列入计划，完成后会再次向您反馈。{reply}",
    Result.EXPLAINED: (
        "经核实，按现行政策和职责规定，该事项暂不能按您的要求办理，"
        "具体原因已电话向您解释，感谢理解。"
    ),
    Result.UNTRUE: (
        "接到反映后我单位立即派人核查，现场未发现所反映的问题，"
        "已留存照片和记录，如再次出现请及时告知具体时间地点。"
    ),
    Result.CANNOT: (
        "经现场查看，该事项受客观条件限制目前无法解决，我单位已说明原因并列入后续改造建议。"
    ),
}
FACTS: Mapping[Result, FactsTrue] = {
    Result.SOLVED: FactsTrue.YES,
    Result.PARTLY: FactsTrue.PARTLY,
    Result.EXPLAINED: FactsTrue.PARTLY,
    Result.UNTRUE: FactsTrue.NO,
    Result.CANNOT: FactsTrue.YES,
}
CLAUSES: tuple[tuple[ReturnReason, str], ...] = (
    (
        ReturnReason.NOT_DUTY,
        "经核对本单位“三定”规定和权责清单，该事项的主管部门不是我单位，建议由主管部门主办。",
    ),
    (
        ReturnReason.NOT_DUTY,
        "依据部门职责边界清单，该类设施的日常管养责任在权属单位，我单位仅负责配合执法。",
    ),
    (ReturnReason.NOT_REGION, "经现场核对点位，该处不在我单位管辖范围内，建议改派属地或权属单位。"),
    (
        ReturnReason.STATUTORY_ROUTE,
        "该事项双方已进入法定途径，依照有关规定应由有权机关处理，我单位不宜主办。",
    ),
)
REASONS_FOR_MORE_TIME = (
    "需采购专用配件，供货周期约三个工作日",
    "需多部门现场会商确定方案，已约定会商时间",
    "需进行专业检测，检测机构出具报告尚需时日",
    "涉及业主较多，正在逐户征求意见",
)
REASONS_FOR_A_PAUSE: tuple[tuple[SuspensionCode, str, str], ...] = (
    (
        SuspensionCode.FUNDS,
        "改造资金尚未批复，项目暂无法开工",
        "已列入下一批更新改造项目库，资金下达后十日内开工",
    ),
    (
        SuspensionCode.PAST_LEGACY,
        "小区建设年代久，产权移交手续缺失，权属尚待厘清",
        "已提请街道和住建部门召开专题会，厘清权属后办理",
    ),
    (
        SuspensionCode.IN_COURT,
        "双方已就同一事项提起诉讼，待法院判决后处理",
        "跟踪案件进展，判决生效后依判决办理",
    ),
    (
        SuspensionCode.NO_POLICY,
        "该事项暂无现行政策依据，已请示上级主管部门",
        "收到批复后按批复办理并及时告知群众",
    ),
    (
        SuspensionCode.FROZEN_GROUND,
        "地面已进入冻土期，开挖作业无法保证质量",
        "先行设置警示和临时措施，解冻后第一批施工",
    ),
)
OBJECTIONS = (
    "权责清单写明该设施由产权单位养护，裁定未考虑移交协议，申请复核",
    "同类事项上月已裁定由主管部门主办，请按同一口径复核",
    "现场点位经勘测不在我单位管辖红线内，附勘测意见，申请复核",
)
DETAILS = (
    *("承办人当天下午到现场与您见了面", "现场由中队长带队处置", "处置全程有影像记录"),
    *("与相邻商户一并沟通说明", "社区网格员在场见证", "作业避开了早晚高峰"),
    *("施工前张贴了告知单", "工程量比原估多出三成", "替换下来的旧件已回收"),
    *("同路段另有两处一并处理", "费用由责任单位承担", "夜间又安排人复看了一遍"),
    *("材料从库房紧急调拨", "对责任人进行了约谈", "当事人签了承诺书"),
    *("现场围挡已于当晚撤除", "周边三栋住户逐户告知", "请物业保管了备用件"),
    *("责任到人，值班电话在公示牌上", "雨后再检查一次排水", "设备试运行两小时无异常"),
    *("台账编号已写入巡查系统", "下周三再次回看", "已提醒保洁班组每日巡视"),
    *("因缺配件多用了半天", "您补充的照片帮助我们找准了位置", "与供电部门核对了图纸"),
    *("整改前后对比照片存档", "邻居反映的同类问题一并登记", "现场测量数据合格"),
    *("当场拆除违规设施一处", "安排了专人定点值守一周", "已函告产权单位"),
    *("与您约定的时间上门三次", "问题根源是管道老化", "临时措施改为永久设施"),
)
"""What only this one matter had: a reply says some of it, or it is a template."""
_HONEST = (Result.SOLVED, Result.PARTLY, Result.EXPLAINED, Result.UNTRUE, Result.CANNOT)
_CHANCES: Mapping[TicketType | None, tuple[int, ...]] = {
    TicketType.CONSULT: (10, 0, 90, 0, 0),
    TicketType.PRAISE: (100, 0, 0, 0, 0),
    TicketType.SUGGEST: (45, 25, 15, 0, 15),
    TicketType.TIP_OFF: (70, 8, 4, 18, 0),
}
_USUAL = (78, 10, 5, 2, 5)


@cache
def _by_category() -> Mapping[str, Wording]:
    text = (files("deploy.city") / "replies.csv").read_text(encoding="utf-8")
    return {
        row["category"]: Wording(
            progress=row["progress"], measures=row["measures"], reply=row["reply"]
        )
        for row in csv.DictReader(text.splitlines())
    }


def wording_for(category: str | None, type_: TicketType | None) -> Wording:
    """The texts of the minor category, else of its major one, else general ones."""
    special = {TicketType.CONSULT: CONSULT, TicketType.PRAISE: PRAISE}
    if type_ is not None and type_ in special:
        return special[type_]
    known = _by_category()
    code = category or ""
    return known.get(code) or known.get(code[:2]) or GENERAL


def result_for(type_: TicketType | None, rng: Random) -> Result:
    """How it ended, honestly; most complaints are solved, most questions explained."""
    return rng.choices(_HONEST, _CHANCES.get(type_, _USUAL))[0]


def public_reply(wording: Wording, result: Result, type_: TicketType | None) -> str:
    """What the citizen reads, in the words that go for every matter of the kind."""
    if result is Result.SOLVED or type_ is TicketType.CONSULT:
        return wording.reply
    return INSTEAD_OF_SOLVED[result].format(reply=wording.reply)


def own_words(title: str, reply: str, rng: Random) -> str:
    """The same reply about this one matter: which it was, and what was done there."""
    return f"关于“{title}”：{'，'.join(rng.sample(DETAILS, 5))}。{reply}"
