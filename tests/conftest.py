"""What all tests share: the real data, seeded randomness and how hard hypothesis searches."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tests.support.made_once import made_once
from tests.support.paths import ROOT

IN_CI = os.environ.get("CI", "").lower() in {"true", "1", "yes"}
#: What dbt makes of the project is kept beside the tests' folders, not in the user's own cache.
os.environ.setdefault(
    "COHORTMART_CACHE", str(Path(tempfile.gettempdir()) / f"cohortmart-tests-{os.getuid()}")
)
#: Libraries whose version can move a number.
VERSIONS_SHOWN = ("duckdb", "dbt-core", "polars", "pyarrow", "numpy", "scipy", "formulaic")

# No deadline: two shared cores make single examples slow for reasons of their own. In CI the
# examples are the same in every run, so that a red run can be repeated.
settings.register_profile(
    "dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=50, derandomize=True)
settings.load_profile("ci" if IN_CI else "dev")


def pytest_report_header() -> list[str]:
    """Say on what the tests run."""
    libraries = ", ".join(f"{name} {version(name)}" for name in VERSIONS_SHOWN)
    return [
        f"python {platform.python_version()}, {libraries}",
        f"test data {shared_data_folder()}",
    ]


def shared_data_folder() -> Path:
    """Where the real data are looked for, whether they are there or not."""
    named = os.environ.get("COHORTMART_TEST_DATA")
    return Path(named).resolve() if named else (ROOT / ".." / "shared" / "data").resolve()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data; a test that needs it is skipped where it is not."""
    folder = shared_data_folder()
    if not folder.is_dir():
        reason = f"no real data at {folder}; set COHORTMART_TEST_DATA to the folder that has them"
        if IN_CI:
            pytest.fail(f"{reason} (CI must not skip these tests)")
        pytest.skip(reason)
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20230626)


@pytest.fixture(scope="session")
def real_study(shared_data: Path) -> Path:
    """Study file of the real CD8+ RNA-seq, its data where `shared_data` is."""
    os.environ["COHORTMART_TEST_DATA"] = str(shared_data)
    return ROOT / "examples" / "grams_cd8_rna" / "study.yml"


def run_cohortmart(*arguments: str) -> None:
    """Run a command that must succeed."""
    command = [sys.executable, "-m", "cohortmart", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def real_run(real_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of `cohortmart run` on the real study; made once, not to be changed."""

    def make(folder: Path) -> None:
        run_cohortmart("run", str(real_study), "--out", str(folder / "grams"), "--no-report")

    return made_once(tmp_path_factory, "real", make) / "grams"


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of `cohortmart demo`; made once, not to be changed."""

    def make(folder: Path) -> None:
        run_cohortmart("demo", "--out", str(folder / "demo"))

    return made_once(tmp_path_factory, "demo", make) / "demo"


#: Fixtures that take a minute to make, and that several files read.
SHARED_RUNS = {"demo_run", "real_run", "built"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of each shared run one file first, the other such files last: no process waits for it."""
    reads: dict[Path, set[str]] = {}
    for item in items:
        used = SHARED_RUNS.intersection(getattr(item, "fixturenames", ()))
        reads.setdefault(item.path, set()).update(used)
    begun: set[str] = set()
    place = {}
    for path, runs in reads.items():
        place[path] = 1 if not runs else 0 if runs - begun else 2
        begun |= runs
    items.sort(key=lambda item: place[item.path])
