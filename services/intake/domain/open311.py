"""Open311 GeoReport v2 as we serve it: jurisdictions, services, the attributes they ask for.

The specification: https://wiki.open311.org/GeoReport_v2/. A service is a minor category.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.catalogue.labels import label_zh
from shared.catalogue.model import Catalogue, Category
from shared.contracts.values import TicketType
from shared.errors import ShaodaoError

SPECIFICATION: Final = "http://wiki.open311.org/GeoReport_v2"
FORMATS: Final = ("text/xml", "application/json")


class Coordinates(StrEnum):
    """What the points of a jurisdiction's clients are."""

    WGS84 = "wgs84"  # 国际坐标
    GCJ02 = "gcj02"  # 国测局坐标，按地图点选时需转换


class DataType(StrEnum):
    """What an attribute's answer is."""

    STRING = "string"  # 单行文字
    NUMBER = "number"  # 数字
    DATETIME = "datetime"  # 日期时间
    TEXT = "text"  # 多行文字
    ONE_OF = "singlevaluelist"  # 单选
    SOME_OF = "multivaluelist"  # 多选


LISTED: Final = frozenset({DataType.ONE_OF, DataType.SOME_OF})


class GeoReportError(ShaodaoError):
    """A request that Open311 refuses: 404 for what is not there, 403 for a key, else 400."""

    def __init__(self, status: int, *descriptions: str) -> None:
        super().__init__("；".join(descriptions), "; ".join(descriptions), code=str(status))
        self.status = status
        self.descriptions = descriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """A city as clients name it."""

    jurisdiction_id: str
    coordinates: Coordinates


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One further question of a service; `values` by key where one or some are chosen."""

    code: str
    datatype: DataType
    required: bool
    description: str
    datatype_description: str
    values: Mapping[str, str]
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """What the file says; `attributes` by service code, in the order they are asked."""

    changeset: str
    contact: str
    key_service: str
    jurisdictions: tuple[Jurisdiction, ...]
    attributes: Mapping[str, tuple[Attribute, ...]]

    def jurisdiction(self, jurisdiction_id: str | None) -> Jurisdiction:
        """The first where none is named; GeoReportError for an unknown one."""
        if not jurisdiction_id:
            return self.jurisdictions[0]
        for each in self.jurisdictions:
            if each.jurisdiction_id == jurisdiction_id:
                return each
        raise GeoReportError(404, f"没有这个辖区 / no such jurisdiction_id: {jurisdiction_id}")


def read_definitions(table: Mapping[str, Any], catalogue: Catalogue) -> Definitions:
    """The definitions of a file's content; ValueError tells what is wrong."""
    asked: dict[str, list[Attribute]] = {}
    for row in table["attribute"]:
        attribute = _attribute(row)
        for service in row["services"]:
            if service not in catalogue.categories:
                raise ValueError(f"{attribute.code}: there is no service {service}")
            if attribute.code in {each.code for each in asked.get(service, ())}:
                raise ValueError(f"{attribute.code}: is asked twice by {service}")
            asked.setdefault(service, []).append(attribute)
    jurisdictions = tuple(
        Jurisdiction(jurisdiction_id=row["id"], coordinates=Coordinates(row["coordinates"]))
        for row in table["jurisdiction"]
    )
    if not jurisdictions:
        raise ValueError("there must be a jurisdiction")
    return Definitions(
        changeset=table["changeset"],
        contact=table["contact"],
        key_service=table["key_service"],
        jurisdictions=jurisdictions,
        attributes={service: tuple(each) for service, each in asked.items()},
    )


def _attribute(row: Mapping[str, Any]) -> Attribute:
    datatype, values = DataType(row["datatype"]), row.get("values", {})
    if (datatype in LISTED) != bool(values):
        raise ValueError(f"{row['code']}: values go with a list, and with nothing else")
    if ("least" in row) != ("most" in row):
        raise ValueError(f"{row['code']}: least and most go together")
    return Attribute(
        code=row["code"],
        datatype=datatype,
        required=row["required"],
        description=row["description"],
        datatype_description=row["datatype_description"],
        values=values,
        least=row.get("least"),
        most=row.get("most"),
    )


def service_of(catalogue: Catalogue, service_code: str) -> Category:
    """A service by its code; GeoReportError for an unknown one."""
    found = catalogue.categories.get(service_code)
    if found is None:
        raise GeoReportError(404, f"没有这种服务 / no such service_code: {service_code}")
    return found


def is_confidential(category: Category) -> bool:
    """Whether its requests are 举报, of which the public sees nothing."""
    return category.default_type is TicketType.TIP_OFF


def services(catalogue: Catalogue, definitions: Definitions) -> list[dict[str, Any]]:
    """GET services: every minor category, grouped by its major one.

    A request that nobody may see is answered with a token, so its service is a `batch` one.
    """
    return [
        {
            "service_code": each.code,
            "service_name": each.name,
            "description": f"{each.major_name}：{each.name}（{label_zh(each.default_type)}）",
            "metadata": each.code in definitions.attributes,
            "type": "batch" if is_confidential(each) else "realtime",
            "keywords": f"{each.major_name},{each.name},{label_zh(each.default_type)}",
            "group": each.major_name,
        }
        for each in catalogue.categories.values()
    ]


def definition(service_code: str, attributes: Sequence[Attribute]) -> dict[str, Any]:
    """GET services/{code}: the attributes a service asks for."""
    return {
        "service_code": service_code,
        "attributes": [
            {
                "variable": True,
                "code": each.code,
                "datatype": each.datatype.value,
                "required": each.required,
                "datatype_description": each.datatype_description or None,
                "order": order,
                "description": each.description,
                "values": [{"key": key, "name": name} for key, name in each.values.items()],
            }
            for order, each in enumerate(attributes, 1)
        ],
    }


def discovery(definitions: Definitions, *, url: str) -> dict[str, Any]:
    """GET discovery: where the endpoint is and what it speaks."""
    return {
        "changeset": definitions.changeset,
        "contact": definitions.contact,
        "key_service": definitions.key_service,
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": url,
                "changeset": definitions.changeset,
                "type": "production",
                "formats": list(FORMATS),
            }
        ],
    }
