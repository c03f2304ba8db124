"""Whether a built site loads nothing from elsewhere: `python docs/scripts/self_contained.py build/site`."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src",),
}
LINKS = {"stylesheet", "icon", "preload", "preconnect", "prefetch", "dns-prefetch", "modulepreload", "manifest"}
ELSEWHERE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
IN_STYLES = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])((?:https?:)?//[^'")\s]+)""", re.IGNORECASE)


class Page(HTMLParser):
    """Addresses that a page makes a browser fetch, and whether it draws by a program from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element: what it loads."""
        given = {name: value or "" for name, value in attrs}
        names = LOADED.get(tag, ()) if tag != "link" or not LINKS & set(given.get("rel", "").split()) else ("href",)
        self.fetched += [given[name] for name in names if ELSEWHERE.match(given.get(name, ""))]
        if "mermaid" in given.get("class", "").split():
            self.fetched.append("the theme draws mermaid diagrams by a program from elsewhere")


def fetched_by(site: Path) -> list[tuple[Path, str]]:
    """Every file of the site with every address elsewhere that it loads."""
    found = []
    for file in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(file.read_text(encoding="utf-8"))
        found += [(file, address) for address in page.fetched]
    for file in sorted(site.rglob("*.css")):
        found += [(file, address) for address in IN_STYLES.findall(file.read_text(encoding="utf-8"))]
    return found


if __name__ == "__main__":
    loaded = fetched_by(Path(sys.argv[1]))
    for file, address in loaded:
        sys.stderr.write(f"{file} loads {address}\n")
    sys.exit(bool(loaded))
