"""What a newcomer does: a fresh copy of the project, `make demo`, nothing installed before."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files git knows or would take, without anything that was made."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    folder = tmp_path_factory.mktemp("clone") / "cohortmart"
    for name in listed:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def make(verb: str, clone: Path) -> subprocess.CompletedProcess[str]:
    # a user's shell has none of what this test run set
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTEST", "MAKE"))
    }
    return subprocess.run(
        ["make", verb], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )


def test_make_demo_sets_up_everything_and_can_be_repeated(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)  # what a set-up that died may leave
    first = make("demo", clone)
    assert first.returncode == 0, first.stdout + first.stderr
    assert (clone / "demo" / "warehouse.duckdb").exists()
    again = make("demo", clone)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "installing" not in again.stdout


def test_an_installed_wheel_brings_its_tables_along(clone: Path) -> None:
    """Without the checkout: dbt's project and the report's page come inside the package."""
    python = clone / ".venv" / "bin" / "python"
    if not python.exists():
        made = make("setup", clone)
        assert made.returncode == 0, made.stderr
    target = clone.parent / "site"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
         "--target", str(target), str(clone)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    elsewhere = clone.parent / "elsewhere"
    elsewhere.mkdir()
    out = subprocess.run(
        [str(python), "-P", "-m", "cohortmart", "demo", "--out", "d", "--no-report"],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stdout + out.stderr
    where = subprocess.run(
        [str(python), "-P", "-c",
         "import cohortmart.core.dbt_project as p; "
         "from cohortmart.core.schemas.tables import RESULT_TABLES; "
         "assert len(RESULT_TABLES['contrast']) > 10; "
         "from cohortmart.report.assemble import html; "
         "assert '</html>' in html('a study', []); print(p.dbt_project_folder())"],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(target) in where
