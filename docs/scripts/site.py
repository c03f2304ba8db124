"""What the site has besides the pages in docs/: the notebook, all fields of the configuration, what lies at the top.

A hook of mkdocs (`mkdocs.yml`). The notebook is committed with its outputs, and they are shown as they are: the test
`tests/docs/test_tutorial.py` runs it.
"""

import html
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # mkdocs does not put its own folder there
AT_THE_TOP = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
CONFIGURATION = """# All fields of a configuration

Made from the models that check it; `equipoise fields SECTION` tells the same in the terminal, and
`equipoise fields --schema` makes a JSON Schema for editors. `balancing(rake).steps` is `steps` of a `balancing`
whose `method` is `rake`.

| field | takes | default | what for |
|---|---|---|---|"""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for page, source in AT_THE_TOP.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, "tutorial.md", content=notebook_page(ROOT / "docs" / "tutorial.ipynb")))
    files.append(File.generated(config, "reference/configuration.md", content=configuration_page()))
    return files


def configuration_page() -> str:
    """Every field of a configuration, as `equipoise fields --all` tells them."""
    from flows.commands.writing.fields import reference

    lines = [CONFIGURATION]
    for each in reference("", deep=True):
        takes, default, purpose = (text.replace("|", "\\|") for text in (each.takes, each.default, each.description))
        lines.append(f"| `{each.name}` | {html.escape(takes)} | {html.escape(default)} | {html.escape(purpose)} |")
    return "\n".join(lines) + "\n"


def notebook_page(path: Path) -> str:
    """A notebook in Markdown: text as it is, code in fences, outputs below their cells."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(f"```python\n{cell.source}\n```")
            parts += [output(each) for each in cell.outputs]
    return "\n\n".join(parts) + "\n"


def output(shown: Any) -> str:  # noqa: ANN401  a node of nbformat
    """One output of a cell: a picture within the page, or text."""
    data = shown.get("data", {})
    if "image/svg+xml" in data:
        return f'<div class="output">{"".join(data["image/svg+xml"])}</div>'
    if "image/png" in data:
        return (
            f'<img alt="the figure that the cell above draws" src="data:image/png;base64,{data["image/png"].strip()}">'
        )
    text = "".join(shown.get("text") or data.get("text/plain", ""))
    return f'<pre class="output"><code>{html.escape(COLOURS.sub("", text))}</code></pre>'
