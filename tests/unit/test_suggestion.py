"""Categories are suggested from people's own words, with reasons, and learn from the desk."""

import json
from pathlib import Path

import pytest

from deploy.cli.labelling import Message, label_messages, read_messages
from deploy.cli.scoring import Judged, Tally
from services.intake.domain.experience import Experience
from services.intake.domain.lexicon import Lexicon
from services.intake.domain.segment import plain, terms
from services.intake.domain.suggestion import Suggester
from services.intake.hints import new_hints
from services.intake.learn import taught_words
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_hints import LEAST_WORDS, load_hint_limits, load_synonyms
from shared.catalogue.petition_labels import load_petition_labels
from shared.catalogue.tables import CatalogueError

CATALOGUE = load_catalogue()
REQUESTS = Path(__file__).parents[2] / "deploy" / "city" / "requests.jsonl"


@pytest.fixture
def suggester() -> Suggester:
    return new_hints(CATALOGUE).suggester


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("楼下的路灯好几天不亮了，晚上摸黑走", "0205"),
        ("老板拖欠工资三个月了，一直不发工资", "1702"),
        ("包工头跑了，农民工工资一分没结", "1701"),
        ("小区电梯又坏了，老人困在里面半小时", "0503"),
        ("饭店的油烟直接排到我家窗户", "1404"),
        ("培训机构关门了，剩下的课时费不给退", "1807"),
        ("开发商到期不交房，楼盘停工一年", "0601"),
        ("打的士司机不打表，乱要价", "1305"),
        ("新农合住院报销比例怎么这么低", "2005"),
        ("广场舞音响太吵，半夜还在放", "1101"),
        ("孩子户口不在本地能不能就近入学", "1801"),
        ("房产证办了五年都没办下来", "2302"),
        ("自来水发黄还有异味，不敢喝", "0803"),
        ("快递员不送上门，包裹丢了不赔", "2606"),
    ],
)
def test_plain_words_name_their_category(suggester: Suggester, text: str, category: str) -> None:
    found = suggester.suggest(text)
    assert category in [each.category for each in found[:3]]
    assert all(each.words for each in found)
    assert [each.confidence for each in found] == sorted(
        (each.confidence for each in found), reverse=True
    )


def test_the_words_that_decided_stand_in_the_text(suggester: Suggester) -> None:
    text = "单元门口的路灯不亮，物业不管"
    first = suggester.suggest(text)[0]
    assert first.category == "0205"
    assert first.words[0] == "路灯不亮"
    assert 1 <= len(first.words) <= 5
    assert all(word in plain(text) for word in first.words)


def test_nothing_said_is_nothing_suggested(suggester: Suggester) -> None:
    assert suggester.suggest("") == []
    assert suggester.suggest("aaa 123 …") == []


def test_a_place_is_no_matter(suggester: Suggester) -> None:
    """A road named after a stadium, and what only stands near by."""
    catalogue = CATALOGUE
    lexicon = Lexicon(catalogue, load_synonyms(catalogue), ["体育场路"])
    named = lexicon.said("体育场路路灯不亮")
    assert "体育场" not in named
    assert "路灯不亮" in named
    assert Lexicon(catalogue, load_synonyms(catalogue)).said("体育场附近")["体育场"] < 0.5
    beside = suggester.suggest("医院后门旁边的垃圾没人清，垃圾成堆")[0]
    assert beside.category in {"0107", "0106"}
    left_out = suggester.suggest("锅炉厂家属院楼道灯不亮", address="锅炉厂家属院")
    assert left_out[0].category == "0504"


def test_our_words_survive_cutting_and_two_characters_must_be_words(suggester: Suggester) -> None:
    said = new_hints(CATALOGUE).suggester.hear("住房公积金贷款办不了").said
    assert any("公积金" in word for word in said)
    assert "面的" not in suggester.hear("上面的说法不对").said  # a kind of taxi


def test_what_the_desk_confirms_weighs_in(suggester: Suggester) -> None:
    text = "楼顶那个大铁塔半夜嗡嗡地响个不停"
    before = [each.category for each in suggester.suggest(text)]
    experience = Experience()
    for _ in range(150):
        experience.confirm(taught_words("", "小区楼顶铁塔发出响声"), "2602")
    for _ in range(450):
        experience.confirm(taught_words("", "路灯坏了没有人修理"), "0205")
    suggester.experience = experience
    after = suggester.suggest(text)
    assert before[0] != "2602"
    assert after[0].category == "2602"
    assert "铁塔" in after[0].words


def test_a_few_wrong_confirmations_bend_nothing(suggester: Suggester) -> None:
    text = "拖欠农民工工资半年了，包工头说没钱"
    experience = Experience()
    for _ in range(300):
        experience.confirm(terms(plain("路灯坏了没有人修理")), "0205")
    for _ in range(load_hint_limits().most_per_day):
        experience.confirm(terms(plain(text)), "0304")
    suggester.experience = experience
    assert suggester.suggest(text)[0].category == "1701"


def test_experience_is_positive_capped_and_trusted_slowly() -> None:
    experience = Experience()
    assert experience.leanings({"路灯": 1.0}) == {}
    experience.confirm(["路灯"], "0205")
    experience.confirm(["物业"], "0502")
    little = experience.leanings({"路灯": 1.0})
    for _ in range(1000):
        experience.confirm(["路灯"], "0205")
        experience.confirm(["物业"], "0502")
    much = experience.leanings({"路灯": 1.0})
    assert set(much) == {"0205"}
    assert 0 < little["0205"] < much["0205"] <= 1.5
    assert experience.leanings({"没见过": 1.0}) == {}


def test_only_words_of_the_dictionary_are_taught() -> None:
    words = taught_words("", "住在三单元的黄娇国反映物业不修电梯")
    assert "物业" in words
    assert "电梯" in words
    assert not any("黄娇国" in word for word in words)


def test_the_requests_of_the_simulated_city_are_mostly_recognised(suggester: Suggester) -> None:
    requests = [json.loads(line) for line in REQUESTS.read_text("utf-8").splitlines()]
    places = []
    for each in requests:
        if each.get("category"):
            scores = suggester.scores(suggester.hear(each["description"]))
            order = [suggester.codes[at] for at in (-scores).argsort(kind="stable")]
            places.append(order.index(each["category"]))
    assert sum(place == 0 for place in places) / len(places) > 0.65
    assert sum(place < 5 for place in places) / len(places) > 0.85


def test_every_category_has_words_and_labels() -> None:
    synonyms = load_synonyms(CATALOGUE)
    assert all(len(synonyms[code].words) >= LEAST_WORDS for code in CATALOGUE.categories)
    labels = load_petition_labels(CATALOGUE)
    assert labels.keys() == CATALOGUE.categories.keys()
    assert labels["1701"] == {"劳动和社会保障": 1.0}
    assert set(labels["0409"]) == {"城乡建设", "劳动和社会保障"}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("9999,甲乙;丙丁,\n", "there is no category 9999"),
        ("0101,摆摊,\n", "1 words are less than 8"),
        ("01,城管,城管\n", "stand in words already"),
        ("01,k歌,\n", "not in capitals"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, rows: str, why: str) -> None:
    (tmp_path / "synonyms.csv").write_text(f"code,words,also\n{rows}", "utf-8")
    with pytest.raises(CatalogueError, match=why):
        load_synonyms(CATALOGUE, tmp_path)


def test_wrong_limits_are_named(tmp_path: Path) -> None:
    (tmp_path / "hints.toml").write_text("[group]\ncallers = 0\n", "utf-8")
    with pytest.raises(CatalogueError, match=r"group\.callers"):
        load_hint_limits(tmp_path)


def _messages() -> list[Message]:
    lamp, wage = "路口的路灯不亮，没人来修", "公司拖欠工资，一直不发"
    return [
        Message(id=f"{n}", title="", text=text, label=label)
        for n in range(6)
        for text, label in ((lamp, "城乡建设"), (wage, "劳动和社会保障"))
    ]


def test_evaluation_judges_labels_with_and_without_learning() -> None:
    score = label_messages(_messages(), folds=3, rounds=2)
    assert score.labels == ["劳动和社会保障", "城乡建设"]
    assert (score.unlearned.n, score.unlearned.top1) == (12, 1.0)
    assert score.learned is not None
    assert (score.learned.n, score.learned.top3) == (12, 1.0)
    assert set(score.unlearned.by("major")) == {"市政设施", "劳动人事与社会保障"}


def test_evaluation_learns_what_our_table_does_not_say() -> None:
    """Labels the other way round: only who learns from the other folds gets them right."""
    turned = {"城乡建设": "劳动和社会保障", "劳动和社会保障": "城乡建设"}
    messages = [
        Message(id=f"{each.id}-{n}", title="", text=each.text, label=turned[each.label or ""])
        for n in range(60)
        for each in _messages()
    ]
    score = label_messages(messages, folds=3, rounds=1)
    assert score.unlearned.top1 == 0.0
    assert score.learned is not None
    assert score.learned.top1 > 0.0


def test_the_interval_is_wilsons() -> None:
    judged = [Judged(label="甲", major="乙", place=0 if n < 45 else 5) for n in range(50)]
    low, high = Tally(judged).interval(1)
    assert (round(low, 3), round(high, 3)) == (0.786, 0.957)
    assert Tally(judged * 4, 4).interval(1) == Tally(judged).interval(1)


def test_lines_without_a_label_are_read_and_not_judged(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    lines = [{"id": "a", "title": "t", "description": "路灯不亮", "major": "城乡建设"}]
    lines.append({"id": "b", "title": "t", "description": "路灯不亮"})
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    messages = read_messages(file)
    assert [each.label for each in messages] == ["城乡建设", None]
    assert label_messages(messages, folds=None, rounds=1).unlearned.n == 1
