"""The kinds of lines a trace is made of: as they are written, and as they are told to people.

Each kind is one row, so that what is written can always be read again. The number before the colon
is the step of DOMAIN §6; 0 tells the versions that all of it stood on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """`text` as written; the other two as told. Names such as {unit} stand for what was found."""

    text: str
    zh: str
    en: str


KINDS: Final[Mapping[str, Kind]] = {
    "versions": Kind(
        "0:catalogue {catalogue}, limits {limits}",
        "依据：目录 {catalogue}，时限 {limits}",
        "by catalogue {catalogue}, limits {limits}",
    ),
    "canary": Kind("0:canary→{unit}", "全程探测：{unit}", "the canary: {unit}"),
    "no_probe": Kind(
        "0:canary, and no unit for it",
        "全程探测没有登记接收单位",
        "the canary, and the city has no unit for it",
    ),
    "danger": Kind(
        "1:danger “{word}”→{to}",
        "文字中有“{word}”：按特急处理，请热线中心立即核实并转接 {to}",
        "says “{word}”: critical, the hotline centre verifies and calls {to}",
    ),
    "statutory": Kind(
        "2:statutory route “{word}”→{to}",
        "文字中有“{word}”：可能应走法定途径（{to}），请人工确认",
        "says “{word}”: perhaps a statutory route ({to}), to be confirmed",
    ),
    "choice_company": Kind(
        "3:choice property→{unit}",
        "群众选择报物业：{unit}先行处置",
        "the person chose the property company: {unit} looks first",
    ),
    "choice_street": Kind(
        "3:choice property, no company→{unit}",
        "群众选择报物业，该小区没有物业公司：由{unit}负责",
        "the person chose the property company, there is none: {unit}",
    ),
    "choice_grid": Kind(
        "3:choice grid→{unit}",
        "群众选择报网格员：{unit}先到场查看",
        "the person chose the grid worker: {unit} looks first",
    ),
    "choice_worker": Kind(
        "3:choice grid {grid}→{unit} {name}",
        "群众选择报网格员：{unit}{grid}网格的{name}先到场查看",
        "the person chose the grid worker: {name} of grid {grid}, {unit}, looks first",
    ),
    "choice_substitute": Kind(
        "3:choice grid {grid}→{unit} {name} for {worker}",
        "群众选择报网格员：{unit}{grid}网格的{worker}不在岗，由替班的{name}先到场查看",
        "the person chose the grid worker: {name} stands in for {worker} of grid {grid}, {unit}",
    ),
    "choice_nowhere": Kind(
        "3:choice {choice}, the place does not tell whose",
        "群众选择了一键报事，但地点不足以确定由谁先看，按职责派单",
        "the person chose who should look, but the place does not tell who that is",
    ),
    "also": Kind(
        "3:duty of a bureau, whistled at the same time→{unit}",
        "属委办局法定职责：同时吹哨{unit}",
        "a bureau's duty: {unit} is whistled at the same time",
    ),
    "no_category": Kind("5:no category", "没有分类", "no category"),
    "unknown_category": Kind(
        "5:category {raw} is not in the catalogue",
        "目录中没有分类 {raw}",
        "category {raw} is not in the catalogue",
    ),
    "category": Kind(
        "5:category {category}→{function}",
        "分类“{category}”由{function}牵头",
        "category {category} is led by {function}",
    ),
    "co": Kind(
        "5:co {function}→{unit}", "协办职能{function}：{unit}", "assisting {function}: {unit}"
    ),
    "co_informed": Kind(
        "5:co {function} informed→{unit}",
        "知会{function}：{unit}",
        "{function} is informed: {unit}",
    ),
    "co_many": Kind(
        "5:co {function}→{n} units, left to the lead",
        "协办职能{function}有 {n} 个单位，由主办单位确定",
        "assisting {function} has {n} units: left to the lead",
    ),
    "unknown_region": Kind(
        "6:region {raw} is not in the catalogue",
        "目录中没有区划 {raw}",
        "region {raw} is not in the catalogue",
    ),
    "located": Kind(
        "6:place {region} by {how}, {confidence}",
        "地点：{region}（按{how}，可信度 {confidence}）",
        "place {region}, by {how}, confidence {confidence}",
    ),
    "point": Kind("6:point→{region}", "坐标落在{region}内", "the point lies in {region}"),
    "contradiction": Kind(
        "6:address and region contradict each other",
        "地址与所选区划不一致",
        "address and region contradict each other",
    ),
    "region": Kind(
        "6:region→{unit}", "按地点所在区划：{unit}", "by the region of the place: {unit}"
    ),
    "compound": Kind("6:compound→{unit}", "按所在小区：{unit}", "by the compound: {unit}"),
    "whole_city": Kind(
        "6:whole city→{unit}",
        "全市只有一个单位负责：{unit}",
        "the whole city has one unit for it: {unit}",
    ),
    "too_coarse": Kind(
        "6:{where} does not tell the unit of {function}",
        "地点（{where}）不足以确定由哪个{function}负责",
        "the place ({where}) does not tell which unit of {function}",
    ),
    "asset": Kind(
        "7:asset row {number} “{word}”→{unit}",
        "文字中有“{word}”，设施归属：{unit}（归属表第 {number} 行）",
        "says “{word}”: the asset is {unit}'s (row {number})",
    ),
    "asset_beside": Kind(
        "7:asset row {number} “{word}”, beside→{unit}",
        "文字中有“{word}”，{unit}一并到场（归属表第 {number} 行）",
        "says “{word}”: {unit} comes as well (row {number})",
    ),
    "asset_conflict": Kind(
        "7:asset rows name {units}",
        "文字同时指向多个设施单位：{units}",
        "the words name several owners: {units}",
    ),
    "asset_unlawful": Kind(
        "7:asset row {number}→{unit} may not lead",
        "设施归属{unit}，但该事项属委办局法定职责，不得下派",
        "the asset is {unit}'s, which may not lead a bureau's duty",
    ),
    "season": Kind(
        "8:season row {number} {when}→{urgency}",
        "时令规则第 {number} 行（{when}）：按{urgency}办理",
        "season row {number} ({when}): {urgency}",
    ),
    "hours": Kind(
        "8:duty {subject}@{region} {when}→{unit}@v{version}",
        "责任清单第 {version} 版（{region}，{subject}，{when}）：由{unit}负责",
        "duty list version {version} ({region}, {subject}, {when}): {unit}",
    ),
    "night": Kind(
        "8:no night duty at {lead}→{unit}",
        "{lead}夜间无人值守：哨单直达其值班室，由{unit}协助",
        "{lead} has no duty at night: whistled to its duty office, {unit} assists",
    ),
    "duty": Kind(
        "9:duty {subject}@{region}→{unit}@v{version}",
        "责任清单第 {version} 版（{region}，{subject}）：由{unit}负责",
        "duty list version {version} ({region}, {subject}): {unit}",
    ),
    "duty_unlawful": Kind(
        "9:duty {subject}@{region}→{unit}@v{version} may not lead",
        "责任清单写明{unit}，但该事项属委办局法定职责，不得下派",
        "the duty list names {unit}, which may not lead a bureau's duty",
    ),
    "own_list": Kind(
        "10:on the street's own list, {function}→{unit}",
        "属街道社区自办清单（{function}）：由{unit}负责",
        "on the street's own list ({function}): {unit}",
    ),
    "street": Kind(
        "10:street informed→{unit}", "知会属地街道：{unit}", "the street is informed: {unit}"
    ),
    "ownerless": Kind(
        "11:no clear owner, “{word}”",
        "文字中有“{word}”，没有明确的责任单位：请督办员召集认定",
        "says “{word}”, no clear owner: the supervisor convenes",
    ),
    "no_owner": Kind(
        "11:no clear owner, no unit of {function}",
        "这里没有承担{function}职能的单位：请督办员召集认定",
        "no unit of {function} here: the supervisor convenes",
    ),
    "overdue": Kind(
        "11:dispatch overdue→{unit}, provisional",
        "超过派单时限：先行派给{unit}（暂派）",
        "past the dispatch limit: {unit}, provisional",
    ),
    "equal": Kind(
        "12:{n} units have equal right to {function}",
        "有 {n} 个单位同样承担{function}职能",
        "{n} units have equal right to {function}",
    ),
    "confidence": Kind(
        "12:confidence {confidence}",
        "可信度 {confidence}，需要人工确认",
        "confidence {confidence}: to be confirmed",
    ),
    "doubt": Kind("12:in doubt", "有疑点，需要人工确认", "in doubt: to be confirmed"),
    "ruled": Kind("11:ruled “{word}”", "召集认定：{word}", "ruled: {word}"),
    "by_person": Kind("12:{role}→{unit}", "{role}派给{unit}", "dispatched to {unit} by the {role}"),
    "round": Kind(
        "round {n}:same units as {number}",
        "第 {n} 轮：仍由上一轮（{number}）的单位办理",
        "round {n}: the units of {number} again",
    ),
    "blown_by": Kind("blown by {unit}", "由{unit}吹哨", "blown by {unit}"),
}
"""Every kind of line that routing writes."""
