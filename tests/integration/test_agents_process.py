"""`cohortmart serve --mcp` as a client starts it: over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.support.asked_study import asked_study
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = asked_study(tmp_path_factory.mktemp("study"))
    study.close()
    return study.home.root


def test_agents_ask_over_standard_input_and_output(folder: Path) -> None:
    arguments = ["-m", "cohortmart", "serve", "--mcp", "--out", str(folder), "--pseudonymise"]
    server = StdioServerParameters(
        command=sys.executable, args=arguments, cwd=ROOT, env=dict(os.environ)
    )

    async def asked() -> list[tuple[bool, str]]:
        async with Client(server) as client:
            assert client.server_info is not None
            assert client.server_info.name == "cohortmart"
            calls = (("gene", {"name": "SEPT2"}), ("query", {"sql": "from dim_contrast"}),
                     ("query", {"sql": "from dim_sample"}))  # fmt: skip
            results = [await client.call_tool(name, given) for name, given in calls]
            return [(bool(r.is_error), r.content[0].text) for r in results]  # type: ignore[union-attr]

    gene, contrasts, people = asyncio.run(asked())
    assert json.loads(gene[1])["gene"] == "SEPT2"
    assert len(json.loads(contrasts[1])["rows"]) == 5
    assert people[0]
    assert "anna" not in gene[1] + contrasts[1] + people[1]


def test_to_whom_it_serves_is_asked_for(folder: Path) -> None:
    command = [sys.executable, "-m", "cohortmart", "serve", "--out", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "--mcp" in ended.stderr


def test_standard_output_carries_the_protocol_alone(folder: Path) -> None:
    missing = folder / "nowhere"
    command = [sys.executable, "-m", "cohortmart", "serve", "--mcp", "--out"]
    ended = subprocess.run(
        [*command, str(missing)], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "there is no warehouse" in ended.stderr
    ended = subprocess.run(
        [*command, str(folder)], cwd=ROOT, text=True, capture_output=True, check=False, input=""
    )
    assert (ended.returncode, ended.stdout) == (0, "")
