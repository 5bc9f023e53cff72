"""Where figures count a matter: as finely as its place is known, at home only to the street."""

from services.notifier.domain.figures.counted_place import counted_place
from shared.contracts.parts import Place

HOME = Place(region="159902001002003", address="7号楼", compound="河湾锦苑", property_unit="P-01")


def test_a_confidential_matter_at_home_counts_at_its_street() -> None:
    assert counted_place(HOME, confidential=True) == Place(region="159902001")


def test_a_plain_one_and_one_in_the_open_count_where_they_are() -> None:
    assert counted_place(HOME, confidential=False) == HOME
    square = Place(region="159902001002", address="早市")
    assert counted_place(square, confidential=True) == square


def test_what_is_known_no_finer_stays() -> None:
    assert counted_place(Place(region="159902", compound="河湾"), confidential=True) == Place(
        region="159902"
    )
    assert counted_place(Place(compound="河湾"), confidential=True) == Place()
