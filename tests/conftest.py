"""What all tests share: the real data, seeded randomness and how hard hypothesis searches."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"true", "1", "yes"}
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


@pytest.fixture(scope="session")
def real_run(real_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of `cohortmart run` on the real study; made once, not to be changed."""
    out = tmp_path_factory.mktemp("real") / "grams"
    command = [sys.executable, "-m", "cohortmart.cli", "run", str(real_study), "--out", str(out)]
    command.append("--no-report")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of `cohortmart demo`; made once, not to be changed."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, "-m", "cohortmart.cli", "demo", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


#: Fixtures that take a minute: files that use the same one run in one process, and first.
SHARED_RUNS = ("demo_run", "built", "real_run")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name what must run in the same process when pytest-xdist runs several (`make test`)."""
    if not getattr(config.option, "loadgroup", False):  # set in each of several processes
        return
    used: dict[Path, set[str]] = {}
    for item in items:
        used.setdefault(item.path, set()).update(getattr(item, "fixturenames", ()))
    shared = {
        path: next((name for name in SHARED_RUNS if name in names), None)
        for path, names in used.items()
    }
    for item in items:
        item.add_marker(pytest.mark.xdist_group(shared[item.path] or str(item.path)))
    order = {name: place for place, name in enumerate(SHARED_RUNS)}
    items.sort(key=lambda item: order.get(shared[item.path] or "", len(order)))
