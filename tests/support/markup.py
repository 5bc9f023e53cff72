"""Script, markup and template signs to be said in every field, and the look that finds them run."""

from playwright.async_api import Page

SHORT = "<img src=x onerror=window.__x=1>"
SCRIPT = "<script>window.__x=1</script>"
SUMS = "{{7*7}}${7*7}"
EVIL = (
    f"{SUMS}{SCRIPT}</textarea></title>\"'><svg onload=window.__x=1>{SHORT}"
    "javascript:window.__x=1//<a href=javascript:window.__x=1>"
)
WORDS = f"路灯不亮，请来修。{EVIL}"

FOREIGN = """() => ({
  ran: window.__x,
  images: document.querySelectorAll('img[src="x"], svg[onload], [onerror], [onload]').length,
  scripts: [...document.scripts].filter(e => !e.src && e.type !== 'application/json').length,
  links: [...document.querySelectorAll('[href], [action], [formaction]')].filter(e =>
    /^\\s*javascript:/i.test(e.getAttribute('href') ?? e.getAttribute('action')
      ?? e.getAttribute('formaction'))).length,
})"""
NOTHING = {"images": 0, "scripts": 0, "links": 0}


async def plain(page: Page, path: str, *, shows: str | None = SHORT) -> None:
    """Open a page: nothing that was said there is anything but text."""
    answer = await page.goto(path)
    assert answer is not None
    assert answer.status < 500
    await text_only(page, shows=shows)


async def text_only(page: Page, *, shows: str | None = SHORT) -> None:
    found = await page.evaluate(FOREIGN)
    assert {name: value for name, value in found.items() if value is not None} == NOTHING, (
        page.url,
        found,
    )
    if shows is not None:
        # as a person reads it, or in a field
        seen = await page.evaluate(
            "() => document.body.innerText + [...document.querySelectorAll('input, textarea')]"
            ".map(e => e.value).join(' ') + document.title"
        )
        assert shows in seen, (page.url, seen[:3000])
        assert shows != SCRIPT or SUMS in seen, page.url
