"""study.yml of one group, of one visit, and with timepoints that are numbers or dates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study

GOOD = """\
study: tiny
samples:
  file: samples.csv
  sample: id
  subject: who
  group: arm
  timepoint: visit
  factors: [tissue]
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: voom
    model: {means: [group, timepoint]}
    contrasts: {time_within_group: all}
"""
NO_GROUP = GOOD.replace("  group: arm\n", "").replace("groups: [HP, MS]\n", "")
NO_VISIT = GOOD.replace("  timepoint: visit\n", "").replace("timepoints: [1st, 3rd]\n", "")
MEANS, FAMILY = "means: [group, timepoint]", "time_within_group: all"
Load = Callable[..., Study]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str, *changes: tuple[str, str]) -> Study:
        for old, new in changes:
            assert text.count(old) == 1
            text = text.replace(old, new)
        file = tmp_path / "study.yml"
        file.write_text(text, encoding="utf-8")
        return load_study(file)

    return read


def test_one_group(load: Load) -> None:
    study = load(NO_GROUP, (MEANS, "means: [timepoint]"))
    assert (study.groups, study.has_groups, study.has_timepoints) == (("all",), False, True)
    curve = load(NO_GROUP, ("[1st, 3rd]", "[0, 4]"), (MEANS, "curve: {of: timepoint, df: 1}"))
    model = curve.analyses["main"].model
    assert model.curve is not None
    assert model.curve.by is None


def test_one_visit(load: Load) -> None:
    study = load(NO_VISIT, (MEANS, "means: [group]"), (FAMILY, "group_within_time: all"))
    assert (study.timepoints, study.has_timepoints) == (("once",), False)
    load(
        NO_VISIT.replace("  group: arm\n", "").replace("groups: [HP, MS]\n", ""),
        (MEANS, "means: [tissue]"),
        (FAMILY, "x: a - b"),
    )


def test_the_one_group_may_have_a_name(load: Load) -> None:
    study = load(NO_GROUP.replace("timepoints:", "groups: [vac]\ntimepoints:"))
    assert (study.groups, study.has_groups) == (("vac",), True)


def test_numbers_stay_and_dates_are_put_in_order(load: Load) -> None:
    assert load(GOOD, ("[1st, 3rd]", "[0, 4.5, -1]")).timepoints == ("0", "4.5", "-1")
    dates = "[2024-02-12, 2024-01-15, 2023-12-01]"
    assert load(GOOD, ("[1st, 3rd]", dates)).timepoints == (
        "2023-12-01", "2024-01-15", "2024-02-12",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "changes", "says"),
    [
        (NO_GROUP, [], ["`group` is used, but `samples` names no column", "group: <column>"]),
        (NO_VISIT, [], ["`timepoint` is used, but `samples` names no column"]),
        (GOOD, [("groups: [HP, MS]\n", "")], ["the key `groups` is missing"]),
        (GOOD, [("timepoints: [1st, 3rd]\n", "")], ["the key `timepoints` is missing"]),
        (GOOD, [("  group: arm\n", "")], ["the key `group` is missing"]),
        (GOOD, [("  timepoint: visit\n", "")], ["the key `timepoint` is missing"]),
        (GOOD, [("[1st, 3rd]", "[4, 12, 4.0]")], ["`4` and `4.0` are the same"]),
        (GOOD, [("[1st, 3rd]", "[4, 12, 4]")], ["`4` stands twice", "entry 1"]),
        (GOOD, [("[1st, 3rd]", "[2024-02-01, 2024-01-01, 2024-02-01]")], ["stands twice"]),
        (NO_GROUP, [(MEANS, "means: [timepoint]"), (FAMILY, "interaction: all")],
         ["needs several groups and timepoints"]),
        (NO_GROUP, [(MEANS, "means: [timepoint]"), (FAMILY, "group_within_time: all")],
         ["needs several groups"]),
        (NO_VISIT, [(MEANS, "means: [group]")], ["needs several timepoints"]),
        (GOOD, [(MEANS, "means: [timepoint]")], ["needs one mean per group and timepoint"]),
        (GOOD, [(MEANS, "curve: {of: timepoint}")], ["the timepoints are words"]),
        (NO_VISIT, [(MEANS, "curve: {of: timepoint}")], ["`timepoint` is no covariate"]),
    ],
)  # fmt: skip
def test_what_does_not_fit(
    load: Load, text: str, changes: list[tuple[str, str]], says: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        load(text, *changes)
    for part in says:
        assert part in str(caught.value)
