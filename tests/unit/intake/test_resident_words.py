"""Every word a resident page may need is there, in both languages, and says no jargon."""

from pathlib import Path

import pytest

import services.intake
from services.intake.domain.parcel import StepKind
from services.intake.domain.parcel_lines import TOLD
from services.intake.domain.ticket import TicketState
from services.intake.pages.resident_follow import DONE
from shared.catalogue.load import load_catalogue
from shared.catalogue.report_labels import COLUMNS, FILE, load_report_labels
from shared.catalogue.tables import CatalogueError
from shared.web.strings import SHARED, Language, Strings
from tests.unit.intake.test_parcel import told

STRINGS = Strings(SHARED, Path(services.intake.__file__).parent / "strings")
JARGON = ("工单", "签收", "挂账", "重办", "退单", "裁定", "主办", "协办", "知会", "哨单", "督办")


@pytest.mark.parametrize("language", list(Language))
def test_every_state_step_and_line_has_its_words(language: Language) -> None:
    keys = STRINGS.keys(language)
    wanted = {f"resident.words.{state.value}" for state in TicketState}
    wanted |= {f"resident.line.{what}" for what in TOLD}
    wanted |= {f"resident.done.{what}" for what in DONE}
    for state in TicketState:
        for step in told(state).steps:
            wanted.add(f"resident.step.{step.kind.value}_{step.state.value}")
    assert wanted <= keys
    assert len(StepKind) == len({key.split(".")[2].rpartition("_")[0] for key in keys
                                 if key.startswith("resident.step.")})  # fmt: skip


def test_no_jargon_is_shown() -> None:
    texts = {
        key: STRINGS.text(Language.ZH, key, {})
        for key in STRINGS.keys(Language.ZH)
        if key.startswith("resident.")
    }
    found = [key for key, text in texts.items() if any(word in text for word in JARGON)]
    assert not found


def test_the_labels_name_categories_of_the_catalogue() -> None:
    labels = load_report_labels(load_catalogue())
    assert 12 <= len(labels) <= 16
    assert labels["lamp"].category == "0205"
    assert [each.code for each in labels.values() if each.category is None] == ["other"]


def test_a_wrong_label_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [",".join(COLUMNS), "lamp,灯,Lamp,bulb,9999,求助", "lamp,灯,Lamp,bulb,0205,乱写"]
    (tmp_path / FILE).write_text("\n".join(rows), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_report_labels(load_catalogue(), tmp_path)
    text = str(caught.value)
    assert "there is no category 9999" in text
    assert "stands in line 2 already" in text
    assert "乱写" in text
