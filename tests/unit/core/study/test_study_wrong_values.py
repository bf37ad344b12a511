"""study.yml: a value of the wrong type is answered in words of study.yml, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from tests.unit.core.study.rules.test_model_options_rules import GOOD


@pytest.mark.parametrize(
    ("written", "expected", "to_do"),
    [
        ('dmr: {maximum_gap: "500"}', "a whole number", "write the number without quotes"),
        ("dmr: {maximum_gap: 500.5}", "a whole number", "digits alone"),
        ("dmr: {rotations: 1e6}", "a whole number", "digits alone"),
        ("dmr: {maximum_gap: 500 bp}", "a whole number", "digits alone"),
        ("dmr: true", "a block", "write `dmr: {}`"),
        ("dmr: false", "a block", "leave the key out"),
        ("dmr: 500", "a block", "one of maximum_gap, minimum_probes, p, rotations"),
        ("moderation: moments", "a block", "KEY one of trend, robust, prior, minimum_log_fc"),
        ("rebound: true", "a block", "write `rebound: {KEY: ...}`"),
        ("signatures: a.csv", "a block", "`signatures: {NAME: a.csv}`"),
        ("signatures: [a.csv]", "a block", "`signatures: {NAME: ...}`"),
        ("variance_partition: [age]", "a block", "write `variance_partition: {variables: ...}`"),
    ],
)
def test_wrong_type_says_what_to_write(
    tmp_path: Path, written: str, expected: str, to_do: str
) -> None:
    file = tmp_path / "study.yml"
    file.write_text(GOOD + f"    {written}\n", "utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(file)
    error = caught.value
    assert (error.line, expected in (error.expected or "")) == (len(GOOD.splitlines()) + 1, True)
    assert to_do in (error.hint or "")
    assert "Input should" not in str(error)
