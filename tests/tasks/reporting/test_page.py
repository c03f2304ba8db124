"""The page in a real browser: other people's text stays text, and nothing sticks out of a narrow window."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tasks.reporting.conftest import Inputs
from tests.tasks.reporting.test_task import folder, full

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=3000",
)  # fmt: skip
PROBE = """<script>
window.alert = () => document.documentElement.setAttribute("data-ran", "yes");
addEventListener("load", () => {
  const root = document.documentElement;
  root.setAttribute("data-width", root.scrollWidth + "/" + root.clientWidth);
  root.setAttribute("data-sections", document.querySelectorAll("main > section").length);
});
</script>"""
"""What watches: it stands in place of the policy that forbids scripts, so that escaping alone has to hold."""


@pytest.mark.slow
def test_hostile_captions_run_nothing_and_leave_the_layout(inputs: Inputs, tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium found: apt-get install chromium")
    html = (folder(inputs, full(inputs)) / "report.html").read_text(encoding="utf-8")
    policy = next(line for line in html.splitlines() if "Content-Security-Policy" in line)
    page = tmp_path / "page.html"
    page.write_text(html.replace(policy, PROBE), encoding="utf-8")
    command = [
        CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=500,900", "--dump-dom",
        page.as_uri(),
    ]  # fmt: skip
    seen = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout
    head = seen[: seen.index("<head")]
    assert "data-ran" not in head  # no alert of a caption or a keyword
    assert 'data-sections="11"' in head
    scrolled, shown = (int(each) for each in head.split('data-width="')[1].split('"')[0].split("/"))
    assert scrolled <= shown, "something sticks out to the right"
