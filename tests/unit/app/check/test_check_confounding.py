"""What `cohortmart check` says of factors confounded with what is compared, and of formulas."""

from __future__ import annotations

import re

import pytest

from cohortmart.app.check.names import quoted, yaml_item
from cohortmart.app.check.report import check_study
from tests.support.small_study import (
    CHANGES,
    FORMULA,
    HP_CHANGE,
    ROWS,
    WITH_GROUP,
    said,
    write_study,
)


def test_a_batch_beside_a_formula_is_judged_by_the_data_not_by_names(tmp_path):
    text = said(write_study(tmp_path, model=FORMULA, contrasts=HP_CHANGE))
    assert (
        "NOT in the model; how much of its effect is counted into the contrasts: x (50%)." in text
    )
    assert (
        "To do: add `+ batch` to the formula; the coefficients then have other names, so write "
        "the contrasts anew." in text
    )
    assert "can no longer be estimated" not in text


def test_a_batch_that_goes_with_a_formula_is_lost_only_where_the_data_cannot_tell(tmp_path):
    contrasts = "{g: '`group[T.MS]`', t: '`timepoint[T.3rd]`'}"
    model = "{formula: group + timepoint}"
    text = said(write_study(tmp_path, rows=WITH_GROUP, model=model, contrasts=contrasts))
    assert "counted into the contrasts: g (100%). To do: add `+ batch` to the formula" in text
    assert "but then g can no longer be estimated: the data cannot tell." in text
    assert "other names" not in text


def test_an_odd_name_stands_in_backticks_in_a_formula(tmp_path):
    text = said(write_study(tmp_path, model=FORMULA, contrasts=HP_CHANGE, factor="lot no."))
    assert "are of `lot no.` A" in text
    assert "To do: add + `lot no.` to the formula, in backticks; the coefficients then" in text


def test_the_remedy_is_yaml_and_does_what_it_says(tmp_path):
    text = said(write_study(tmp_path, factor="lot: no."))
    remedy = "covariates: ['lot: no.']"
    assert f"To do: add `{remedy}` to the model." in text
    model = f"{{means: [group, timepoint], {remedy}}}"
    assert "NOT in the model" not in said(write_study(tmp_path, model=model, factor="lot: no."))


@pytest.mark.parametrize(
    ("name", "in_text", "in_yaml"),
    [
        ("batch", "batch", "batch"),
        ("lot no.", "`lot no.`", "lot no."),
        ("no", "no", "'no'"),
        ("a,b", "`a,b`", "'a,b'"),
        ("it's: x", "`it's: x`", "'it''s: x'"),
        ("7", "`7`", "'7'"),
    ],
)
def test_odd_names(name, in_text, in_yaml):
    assert (quoted(name), yaml_item(name)) == (in_text, in_yaml)


def test_a_remedy_says_which_samples_it_costs(tmp_path):
    rows = [*ROWS[:-1], (*ROWS[-1][:3], "", "35")]
    text = said(write_study(tmp_path, rows=rows))
    assert "to the model, and leave out in `where` the 1 sample without a value for it." in text


def test_a_contrast_of_which_the_remedy_costs_all_samples_is_lost(tmp_path):
    rows = [(*r[:3], "" if r[1:3] == ("MS", "1st") else r[3], r[4]) for r in ROWS]
    text = said(write_study(tmp_path, rows=rows, model="{means: [group, timepoint]}"))
    assert "the 2 samples without a value for it; but then MSvsHP_1st can no longer" in text


def test_a_remedy_that_uses_up_the_samples_says_so(tmp_path):
    rows = [
        ("h1", "HP", "1st", "A", "30"),
        ("m1", "MS", "1st", "B", "33"),
        ("h2", "HP", "3rd", "B", "31"),
        ("m2", "MS", "3rd", "B", "38"),
    ]
    model = "{means: [timepoint], covariates: [age]}"
    text = said(write_study(tmp_path, rows=rows, model=model, contrasts="{t: 3rd - 1st}"))
    assert "only 1 residual degree of freedom is left" in text
    assert "[age, batch]` to the model; but then no residual degrees of freedom are left." in text


def test_a_batch_that_no_contrast_takes_in_is_only_noted(tmp_path):
    report = check_study(write_study(tmp_path, rows=WITH_GROUP, contrasts=CHANGES))
    text = " ".join(report.text.split())
    assert "note: all 5 samples of HP.1st (3 samples of 3 people) and HP.3rd" in text
    assert "batch is not in the model; its effect cancels in every contrast." in text
    assert "To do" not in text
    assert "WARNING: all" not in text


def test_a_batch_in_the_model_beside_which_a_contrast_cannot_be_estimated(tmp_path):
    model = "{means: [group, timepoint], covariates: [batch]}"
    text = said(write_study(tmp_path, rows=WITH_GROUP, model=model))
    assert (
        "batch is in the model, and beside it MSvsHP_1st cannot be estimated; the contrasts that "
        "can be estimated are adjusted for it." in text
    )
    assert "so the contrasts are adjusted" not in text
    # once, and with its name once
    assert "CANNOT BE ESTIMATED: MSvsHP_1st: among the 10 chosen samples" in text


def test_a_batch_in_a_formula_beside_which_a_contrast_cannot_be_estimated(tmp_path):
    study = write_study(
        tmp_path,
        rows=WITH_GROUP,
        model="{formula: group + timepoint + batch}",
        contrasts="{g: '`group[T.MS]`', t: '`timepoint[T.3rd]`'}",
    )
    assert "batch is in the model, and beside it g cannot be estimated; the" in said(study)


def test_a_batch_in_the_model_that_no_contrast_needs_apart(tmp_path):
    model = "{means: [group, timepoint], covariates: [batch]}"
    text = said(write_study(tmp_path, rows=WITH_GROUP, model=model, contrasts=CHANGES))
    assert "batch is in the model; no contrast needs the two told apart." in text


def test_a_formula_counts_pairs_as_the_means_do(tmp_path):
    report = check_study(write_study(tmp_path, model=FORMULA, contrasts=HP_CHANGE))
    text = " ".join(report.text.split())
    # three women, two of them with both visits
    pairs = "2 complete pairs (2 HP.3rd against 3 HP.1st)"
    assert f"x yes change within people {pairs}" in text
    assert "fewer than 3 people (or complete pairs) stand behind x" in text


def test_the_slope_of_a_covariate_compares_no_groups(tmp_path):
    model = "{means: [group, timepoint], covariates: [age]}"
    text = said(write_study(tmp_path, model=model, contrasts="{older: age}"))
    # a woman's age is that at her first visit
    assert re.search(r"older yes between groups of people \d people, \d+ samples", text)
    assert "compared between groups" not in text
