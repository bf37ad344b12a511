"""study.yml: the variables among which the variance is parted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from tests.unit.core.study.rules.test_model_options_rules import GOOD


def _load(folder: Path, variables: str) -> tuple[str, ...] | None:
    file = folder / "study.yml"
    file.write_text(GOOD + f"    variance_partition: {{variables: {variables}}}\n", "utf-8")
    options = load_study(file).analyses["main"].variance_partition
    assert options is not None
    return options.variables


def test_roles_factors_and_covariates(tmp_path: Path) -> None:
    assert _load(tmp_path, "[batch, week, cell_type]") == ("batch", "week", "cell_type")
    assert _load(tmp_path, "[]") == ()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("[batch, batch]", "`batch` stands twice in `variables`"),
        ("[bach]", "did you mean `batch`"),
        ("[subject]", "it is the people of the model"),
    ],
)
def test_faults(tmp_path: Path, variables: str, said: str) -> None:
    with pytest.raises(StudyError) as caught:
        _load(tmp_path, variables)
    assert said in str(caught.value)
    assert caught.value.line == len(GOOD.splitlines()) + 1
