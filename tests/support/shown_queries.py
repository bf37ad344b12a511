"""Pages that show queries with their answers: both are read from the page, the query is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def page(name: str) -> str:
    """Text of a page, by its path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def queries(text: str) -> list[tuple[str, str]]:
    """Queries with the answers behind them."""
    return list(zip(blocks(text, "sql"), blocks(text, "text"), strict=True))


def commands(text: str) -> list[str]:
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [line.split("#")[0].strip() for line in lines if line.startswith("cohortmart ")]


def cohortmart(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cohortmart", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
