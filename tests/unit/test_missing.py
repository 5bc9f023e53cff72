"""What a request tells and what it leaves out, in the words people use."""

import pytest

from services.intake.domain.missing import Element, elements, missing

T, P, WHO, WHAT, WISH = Element


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("", {T, P, WHO, WHAT, WISH}),
        ("喂，你好", {T, P, WHO, WHAT, WISH}),
        ("昨晚十一点，河湾小区楼下烧烤店噪音扰民，希望尽快处理", set()),
        ("烧烤店天天到半夜还在放音响，太吵了，要求查处", {P}),
        ("河湾小区北门路灯不亮，请来修", {T, WHO}),
        ("从上周开始和平路23号院停水，我们家老人没法做饭", {WISH}),
        ("希望尽快解决", {T, P, WHO, WHAT}),
        ("请问居住证怎么办理？", {T, P, WHO}),
        ("感谢王师傅，３月５日帮我妈修好了水管", {P}),
        ("新区和平街卖菜的摊贩占道", {T, WISH}),
        # an application is no wish
        ("我去年申请了低保，一直没有批", {P, WISH}),
    ],
)
def test_what_is_left_out(text: str, left_out: set[Element]) -> None:
    assert set(missing(elements(text))) == left_out


def test_a_field_of_the_form_tells_as_well_as_words() -> None:
    text = "卖菜的摊贩占道，请管一管"
    assert set(missing(elements(text))) == {T, P}
    assert missing(elements(text, place_given=True, time_given=True)) == ()


def test_the_words_that_tell_are_named_in_the_order_of_asking() -> None:
    told = elements("今天上午３点，河湾小区物业不修电梯，请处理")
    assert [each.element for each in told] == [T, P, WHO, WHAT, WISH]
    assert all(each.words for each in told)
    assert (told[0].words, told[4].words) == ("今天", "请")


def test_a_long_text_is_read_quickly() -> None:
    # a pattern that tried every start against every end would take minutes
    text = "今" * 20_000 + "物" * 20_000
    assert missing(elements(text)) == (T, P, WHO, WHAT, WISH)
    assert missing(elements("0" * 40_000)) == (T, P, WHO, WHAT, WISH)
