"""The texts: both languages have the same ones, and every one that pages ask for exists."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from deploy.local.data_folder import PROJECT, SERVICES
from shared.contracts.parts import Role
from shared.web.pages import NavItem, _nav_here, _read_nav
from shared.web.places import PLACES
from shared.web.strings import SHARED, Language, Strings, language_of

FOLDERS = [PROJECT / "services" / name for name in SERVICES]
ASKED = re.compile(r"""\bt\(\s*(["'])([^"']+)\1\s*(?![^)]*~)[,)]""")
BEGUN = re.compile(r"""\bt\(\s*(["'])([^"']+)\1\s*~""")
TABLES = re.compile(r"""strings_json\(\s*(["'])([^"']+)\1\s*\)""")
FILLED = re.compile(r"\{(\w+)\}")
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
EXPRESSION = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# what our policy forbids: a page would look right in the code and be broken in the browser
INLINE = tuple(
    re.compile(pattern)
    for pattern in (
        r"<[^>]*\sstyle\s*=",
        r"<[^>]*\son[a-z]+\s*=",
        r"<style\b|<script>|javascript:",
        r"hx-on|hx-vals=.js:",
        r"(?:src|href)=\"(?:https?:)?//[^\"]*",
    )
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def templates(folder: Path) -> list[Path]:
    return sorted((folder / "templates").rglob("*.html"))


def strings_of(folder: Path) -> Strings:
    return Strings(SHARED, folder / "strings")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_both_languages_have_the_same_texts(folder: Path) -> None:
    strings = strings_of(folder)
    assert strings.keys(Language.ZH) == strings.keys(Language.EN)
    for key in strings.keys(Language.ZH):
        zh, en = (strings.text(language, key, {}) for language in Language)
        assert set(FILLED.findall(zh)) == set(FILLED.findall(en)), key
        assert zh.strip(), key
        assert en.strip(), key


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_text_a_template_asks_for_exists(folder: Path) -> None:
    strings = strings_of(folder)
    known = strings.keys(Language.ZH)
    missing = []
    for path in [*templates(folder), *templates(PROJECT / "shared" / "web")]:
        text = path.read_text("utf-8")
        missing += [f"{path.name}: {k}" for _, k in ASKED.findall(text) if k not in known]
        missing += [
            f"{path.name}: {begin}…"
            for _, begin in BEGUN.findall(text)
            if not any(key.startswith(begin) for key in known)
        ]
        for _, table in TABLES.findall(text):
            strings.table_json(Language.ZH, table)
    missing += [f"nav: {item.text}" for item in nav(folder) if item.text not in known]
    missing += [key for place in PLACES for key in (place.text, place.about) if key not in known]
    assert missing == []


def nav(folder: Path) -> list[NavItem]:
    return _read_nav(folder / "templates" / "nav.toml")


def test_every_role_has_its_name() -> None:
    strings = Strings(SHARED)
    for language in Language:
        for role in Role:
            assert strings.text(language, f"role.{role}", {})


@pytest.mark.parametrize("folder", [PROJECT / "shared" / "web", *FOLDERS], ids=lambda f: f.name)
def test_templates_hold_no_text_script_or_style_of_their_own(folder: Path) -> None:
    found = []
    for path in templates(folder):
        text = COMMENT.sub("", path.read_text("utf-8"))
        bare = EXPRESSION.sub("", text)
        where = path.relative_to(folder).as_posix()
        found += [f"{where}: {line}" for line in text.splitlines() if CHINESE.search(line)]
        found += [f"{where}: {x}" for x in re.findall(r"\|\s*safe\b|\bMarkup\b", text)]
        found += [f"{where}: {x}" for pattern in INLINE for x in pattern.findall(bare)]
    assert found == []


def request(*, query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    return Request(scope)


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "zh-CN"),
        ({"accept": "en-GB,en;q=0.9,zh;q=0.5"}, "en"),
        ({"accept": "mn-MN,mn;q=0.9,zh-CN;q=0.5"}, "zh-CN"),
        ({"accept": "fr"}, "zh-CN"),
        ({"accept": "zh-CN", "cookie": "shaodao_lang=en"}, "en"),
        ({"accept": "en", "cookie": "shaodao_lang=en", "query": "lang=zh-CN"}, "zh-CN"),
        ({"cookie": "shaodao_lang=xx", "query": "lang=yy"}, "zh-CN"),
    ],
)
def test_the_language_is_asked_kept_preferred_in_this_order(
    asked: dict[str, str], language: str
) -> None:
    assert language_of(request(**asked)) == language


def test_a_table_for_scripts_cannot_end_its_element(tmp_path: Path) -> None:
    for language in Language:
        (tmp_path / f"a.{language}.toml").write_text('[a.js]\nb = "</script><!--"\n')
    table = Strings(tmp_path).table_json(Language.ZH, "a.js")
    assert table == r'{"b": "\u003c/script>\u003c!--"}'


def test_a_text_that_is_there_twice_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.en.toml").write_text('[a]\nb = "x"\n')
    (tmp_path / "b.en.toml").write_text('[a]\nb = "y"\n')
    with pytest.raises(ValueError, match=r"a\.b is there twice"):
        Strings(tmp_path)
    (tmp_path / "b.en.toml").write_text("[a]\nc = 5\n")
    with pytest.raises(ValueError, match="no text"):
        Strings(tmp_path)


def test_one_line_of_the_navigation_is_where_one_is() -> None:
    lines = [
        NavItem(path=path, text="", icon="", actions=())
        for path in ("/desk", "/desk/tickets", "/knowledge")
    ]
    for path, here in (
        ("/desk", "/desk"),
        ("/desk/mine", "/desk"),
        ("/desk/tickets", "/desk/tickets"),
        ("/desk/tickets/7", "/desk/tickets"),
        ("/desks", ""),
        ("/", ""),
    ):
        assert _nav_here(lines, path) == here
