"""Where the project lies, and the reference results that the tests carry with them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Made by the R script beside each.
DATA = ROOT / "tests" / "support" / "data"
