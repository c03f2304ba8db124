"""What is checked of the built documentation: that it loads nothing from elsewhere."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.paths import ROOT


def checker() -> ModuleType:
    path = ROOT / "docs" / "scripts" / "self_contained.py"
    spec = importlib.util.spec_from_file_location("self_contained", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.html", '<script src="https://host/a.js"></script>'),
        ("a.html", '<img src="//host/a.png">'),
        ("a.html", '<link rel="stylesheet" href="http://host/a.css">'),
        ("a.html", '<link rel="preconnect" href="https://host">'),
        ("a.html", '<pre class="mermaid"><code>flowchart</code></pre>'),
        ("a.css", "@font-face { src: url('https://host/a.woff2') }"),
        ("a.css", '@import "https://host/a.css";'),
    ],
)
def test_what_is_fetched_from_elsewhere_is_found(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert len(checker().fetched_by(tmp_path)) == 1


def test_links_and_files_of_the_site_are_not_fetched_from_elsewhere(tmp_path: Path) -> None:
    page = '<a href="https://host/">x</a><link rel="canonical" href="https://host/a"><script src="a.js"></script>'
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "a.css").write_text("p { background: url(a.svg) }")
    assert checker().fetched_by(tmp_path) == []


def test_every_page_is_in_the_navigation() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    shown = yaml.safe_load(config)["nav"]

    def named(part: object) -> set[str]:
        if isinstance(part, dict):
            return {name for value in part.values() for name in named(value)}
        return {name for each in part for name in named(each)} if isinstance(part, list) else {str(part)}

    assert named(shown) - pages == {"tutorial.md", "contributing.md", "changelog.md", "reference/configuration.md"}
    assert pages <= named(shown)
