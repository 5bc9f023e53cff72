"""Makes the duty rota of the simulated city: a person at each post of each unit and region.

Names and phones are invented. Run it again after changing the units: `python -m
deploy.city.make_rota`. The notifier takes `rota.csv` where nobody is on duty yet.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from shared.catalogue.load import load_catalogue
from shared.catalogue.model import Catalogue, UnitKind
from shared.catalogue.regions import district_of

FILE: Final = Path(__file__).parent / "rota.csv"
COLUMNS: Final = ("post", "unit", "region", "name", "sms", "wecom")
SURNAMES: Final = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
GIVEN: Final = "建国秀兰志强桂英海燕永胜春梅文斌丽娟立新晓红玉珍树林雪梅向东月娥"
OF_A_UNIT: Final = ("handler", "liaison", "section_head", "unit_leader")
OF_A_SMALL_ONE: Final = ("handler", "liaison", "unit_leader")  # no sections there
OF_A_DISTRICT: Final = ("supervisor", "district_supervisor", "district_leader")
OF_THE_CITY: Final = (
    *("dispatcher", "reviewer", "callback_clerk", "shift_lead", "supervisor"),
    *("city_supervisor", "city_leader"),
)
SMALL: Final = frozenset({UnitKind.COMMUNITY, UnitKind.PROPERTY})
FIRST_PHONE: Final = 15_600_000_000


def main() -> None:
    """Write rota.csv beside this file."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(load_catalogue(), Random("rota")))  # nosec B311: a table of samples


def rows(catalogue: Catalogue, rng: Random) -> Iterator[tuple[str, ...]]:
    """Post, unit, region, name, phone and WeChat Work account of each."""
    for number, (post, unit, region) in enumerate(_posts(catalogue), start=1):
        name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
        phone = FIRST_PHONE + number * 9973  # scattered, each of its own
        yield post, unit, region, name, str(phone), f"yc{number:05d}"


def _posts(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    city = catalogue.city
    for post in OF_THE_CITY:
        yield post, "", city
    districts = {district_of(code) for code in catalogue.regions} - {None}
    for district in sorted(each for each in districts if each is not None):
        for post in OF_A_DISTRICT:
            yield post, "", district
    for unit in sorted(catalogue.units.values(), key=lambda each: each.code):
        for post in OF_A_SMALL_ONE if unit.kind in SMALL else OF_A_UNIT:
            yield post, unit.code, ""


if __name__ == "__main__":
    main()
