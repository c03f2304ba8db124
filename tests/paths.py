"""Where the project and the real data beside it lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = Path(os.environ.get("EQUIPOISE_DATA", ROOT.parent / "shared" / "data"))

CASES = ROOT / "tests" / "cases"
"""Small pictures that were once read wrongly: transparent, lying on their side, very thin."""
