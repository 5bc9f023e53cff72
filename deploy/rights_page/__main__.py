"""Writes deploy/RIGHTS.md anew."""

from pathlib import Path

from deploy.rights_page.page import page

PAGE = Path(__file__).parents[1] / "RIGHTS.md"

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
