"""A small study in a lake, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.array_study import ArrayStudy


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> ArrayStudy:
    arrays = ArrayStudy(tmp_path_factory.mktemp("arrays"))
    assert arrays.make().done == ("meth:bmiq", "meth:combat")
    return arrays


@pytest.fixture
def arrays(tmp_path: Path) -> ArrayStudy:
    """Raw files alone."""
    return ArrayStudy(tmp_path)


@pytest.fixture
def made(_made: ArrayStudy, tmp_path: Path) -> ArrayStudy:
    """With the layers bmiq and combat."""
    arrays = ArrayStudy(tmp_path)
    shutil.copytree(_made.home.root, arrays.home.root, dirs_exist_ok=True)
    return arrays
