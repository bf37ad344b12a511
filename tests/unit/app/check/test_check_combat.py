"""What `cohortmart check` says of ComBat, on small studies and on real arrays."""

from __future__ import annotations

import csv

import pytest

from cohortmart.app.check.report import Report, check_study
from tests.support.small_betas import BY_GROUP, COMBAT, EVEN, UNEVEN, analysis, write_betas_study

SAFER = "the batch in the model is the safer choice: leave `combat` out, and add `covariates:"
NO_KEEP = "[{combat: {batch: slide}}]"
WITH_SLIDE = "{means: [group, timepoint], covariates: [slide], block: subject}"


def report_of(tmp_path, **options) -> tuple[Report, str]:
    report = check_study(write_betas_study(tmp_path, **options))
    return report, " ".join(report.text.split())


def rows_of(report: Report, label: str) -> list[str]:
    return next(line.split() for line in report.text.splitlines() if line.startswith(f"  {label}"))


def test_the_spread_over_batches_is_a_table(tmp_path):
    combat = "[{combat: {batch: slide, keep: [group, timepoint, age]}}]"
    report, text = report_of(tmp_path, rows=UNEVEN, normalise=combat)
    assert "ComBat removes slide and keeps group, timepoint and age" in text
    assert rows_of(report, "all  ") == ["all", "16", "10", "6"]
    assert rows_of(report, "group HP") == ["group", "HP", "8", "6", "2"]
    assert rows_of(report, "group MS") == ["group", "MS", "8", "4", "4"]
    assert rows_of(report, "timepoint 1st") == ["timepoint", "1st", "8", "6", "2"]
    ages = [float(r[4]) for r in UNEVEN if r[3] == "S2"]
    assert rows_of(report, "age, mean")[-1] == f"{sum(ages) / len(ages):.3g}"


def test_without_combat_nothing_is_said_of_it(tmp_path):
    _, text = report_of(tmp_path, rows=UNEVEN, normalise="[]")
    assert "ombat" not in text.replace("cohortmart", "")
    assert "slide is NOT in the model; how much of its effect is counted" in text


def test_even_batches_are_only_noted(tmp_path):
    report, text = report_of(tmp_path)
    assert f"note: {SAFER} [slide]`" in text
    assert "Nygaard, Rødland & Hovig 2016, Biostatistics 17:29" in text
    assert "WARNING" not in text
    assert "nothing to warn of: main" in text
    assert report.faulty == ()


def test_confounded_batches_are_a_warning(tmp_path):
    report, text = report_of(tmp_path, rows=UNEVEN)
    assert "WARNING: all samples of HP.1st (4 samples of 4 people) are of slide S1" in text
    assert "ComBat parts them only as far as the other samples tell." in text
    assert f"WARNING: {SAFER} [slide]`" in text
    assert "can be computed; read the warnings above: main" in text
    assert report.faulty == ()


def test_an_analysis_is_told_that_combat_went_before(tmp_path):
    _, text = report_of(tmp_path, rows=UNEVEN)
    assert "slide is not in the model; ComBat removes it before the test" in text
    assert "leave `combat` out of the assay, and add `covariates: [slide]` to the model." in text
    assert "NOT in the model" not in text


def test_batches_that_are_the_groups_are_refused_as_normalise_would(tmp_path):
    report, text = report_of(tmp_path, rows=BY_GROUP)
    assert "CANNOT BE COMPUTED: assay meth, combat: covariate groupMS cannot be told from" in text
    assert "are of slide S2. No combination has two kinds of slide" in text
    assert "ComBat cannot part them either." in text
    assert report.faulty == ("combat of meth", "main")
    assert "cannot be computed as written: combat of meth, main" in text


def test_a_refused_combat_is_a_fault_without_analyses_too(tmp_path):
    report, _ = report_of(tmp_path, rows=BY_GROUP, analyses="  {}")
    assert report.faulty == ("combat of meth",)


def test_a_refused_combat_leaves_the_other_assays_alone(tmp_path):
    study = write_betas_study(tmp_path, rows=BY_GROUP)
    (tmp_path / "counts.csv").write_text(
        "gene," + ",".join(f"B{i}" for i in range(16)) + "\nG1" + ",5" * 16 + "\n"
    )
    text = study.read_text()
    text = text.replace("assays:\n", "assays:\n  rna: {kind: counts, files: [counts.csv]}\n")
    study.write_text(
        text.rstrip() + "\n  genes:\n    assay: rna\n    values: log_cpm\n"
        "    model: {means: [timepoint]}\n    contrasts: {t: 3rd - 1st}\n"
    )
    assert check_study(study).faulty == ("combat of meth", "main")


def test_a_batch_of_one_sample(tmp_path):
    rows = [(*EVEN[0][:3], "S9", EVEN[0][4]), *EVEN[1:]]
    report, text = report_of(tmp_path, rows=rows)
    assert "batch S9 has one sample only, from which no variance can be estimated" in text
    assert "to do: correct means only (mean_only), merge batches" in text
    assert report.faulty == ("combat of meth", "main")
    combat = COMBAT.replace("keep", "mean_only: true, keep")
    report, text = report_of(tmp_path, rows=rows, normalise=combat)
    assert report.faulty == ()
    assert "note: slide S9: one sample each, so ComBat takes most of what is peculiar" in text


def test_a_batch_of_one_sample_does_not_hide_what_is_confounded(tmp_path):
    rows = [(*BY_GROUP[0][:3], "S9", BY_GROUP[0][4]), *BY_GROUP[1:]]
    _, text = report_of(tmp_path, rows=rows)
    assert "batch S9 has one sample only" in text
    assert "covariate groupMS cannot be told from" in text


@pytest.mark.parametrize(
    ("slides", "found"),
    [
        (["S1"] * 16, "ComBat needs at least two batches"),
        (["", *[r[3] for r in EVEN[1:]]], "`slide` has no value for 1 of the 16"),
    ],
)
def test_batches_that_are_none(tmp_path, slides, found):
    rows = [(*r[:3], slide, r[4]) for r, slide in zip(EVEN, slides, strict=True)]
    report, text = report_of(tmp_path, rows=rows)
    assert found in text
    assert report.faulty == ("combat of meth", "main")
    assert (SAFER in text) == (len(set(slides)) > 1)


def test_a_compared_term_that_is_not_kept_is_a_strong_warning(tmp_path):
    both = analysis("main") + analysis("late", contrasts="{x: MS.3rd - HP.3rd}")
    _, text = report_of(tmp_path, normalise=NO_KEEP, analyses=both)
    assert "ComBat removes slide and keeps nothing" in text
    assert "WARNING: `keep` lacks group and timepoint, which main, late compare." in text
    assert "ComBat removes part of these differences wherever slide holds unequal" in text
    assert "To do: `keep: [group, timepoint]`." in text
    assert "read the warnings above: main, late" in text


def test_only_what_is_lacking_is_named(tmp_path):
    combat = "[{combat: {batch: slide, keep: [age, group]}}]"
    _, text = report_of(tmp_path, normalise=combat)
    assert "`keep` lacks timepoint, which main compares." in text
    assert "To do: `keep: [age, group, timepoint]`." in text


def test_what_is_only_adjusted_for_need_not_be_kept(tmp_path):
    model = "{means: [group, timepoint], covariates: [age]}"
    _, text = report_of(tmp_path, analyses=analysis("main", model))
    assert "lacks" not in text
    slope = analysis("main", model, "{older: age}")
    _, text = report_of(tmp_path, analyses=slope)
    assert "`keep` lacks age, which main compares." in text


def test_a_formula_compares_what_its_contrasts_name(tmp_path):
    formula = analysis("main", "{formula: group + timepoint}", "{g: '`group[T.MS]`'}")
    _, text = report_of(tmp_path, normalise=NO_KEEP, analyses=formula)
    assert "`keep` lacks group, which main compares." in text


def test_a_group_that_goes_with_the_batch_cannot_be_kept(tmp_path):
    combat = "[{combat: {batch: slide, keep: [timepoint]}}]"
    report, text = report_of(tmp_path, rows=BY_GROUP, normalise=combat)
    assert "`keep` lacks group, which main compares, and cannot name it: it goes with" in text
    assert "ComBat REMOVES this difference, or part of it, and no method can tell" in text
    assert "To do: `keep" not in text
    assert report.faulty == ()


def test_a_term_that_another_kept_one_holds_is_kept(tmp_path):
    rows = [(*r[:4], r[1] + r[2], r[4]) for r in EVEN]
    _, text = report_of(
        tmp_path,
        rows=rows,
        normalise="[{combat: {batch: slide, keep: [arm]}}]",
        sheet=("subject", "group", "timepoint", "slide", "arm", "age"),
        factors="[slide, arm]",
    )
    assert "lacks" not in text


def test_cell_types_have_to_be_kept_even_where_each_analysis_has_one(tmp_path):
    rows = [(*r, cell) for r in EVEN for cell in ("CD4", "CD8")]
    options = {
        "rows": rows,
        "sheet": ("subject", "group", "timepoint", "slide", "age", "cell"),
        "keys": "cell_type: cell",
        "analyses": analysis("main", where="cell_type = 'CD8'"),
    }
    report, text = report_of(tmp_path, **options)
    assert "`keep` lacks cell_type, of which the samples have CD4 and CD8." in text
    assert "To do: `keep: [group, timepoint, cell_type]`." in text
    assert rows_of(report, "cell_type CD4") == ["cell_type", "CD4", "16", "8", "8"]
    combat = COMBAT.replace("timepoint]", "timepoint, cell_type]")
    _, text = report_of(tmp_path, **options, normalise=combat)
    assert "lacks" not in text


def test_cell_types_on_slides_of_their_own(tmp_path):
    rows = [(*r[:3], f"{r[3]}_{cell}", r[4], cell) for r in EVEN for cell in ("CD4", "CD8")]
    report, text = report_of(
        tmp_path,
        rows=rows,
        sheet=("subject", "group", "timepoint", "slide", "age", "cell"),
        keys="cell_type: cell",
        analyses=analysis("main", where="cell_type = 'CD8'"),
    )
    assert "WARNING: cell_type goes with slide, so that `keep` cannot name it: ComBat" in text
    assert "between CD4 and CD8, or part of it. No analysis compares them; after" in text
    assert "lacks" not in text
    assert "hold one cell_type only" not in text
    assert report.faulty == ()


def test_a_batch_that_is_in_the_model_as_well_is_removed_twice(tmp_path):
    _, text = report_of(tmp_path, analyses=analysis("main", WITH_SLIDE))
    assert "note: slide is removed twice: by ComBat, and by the model of main." in text
    assert SAFER not in text
    both = analysis("with", WITH_SLIDE) + analysis("without")
    _, text = report_of(tmp_path, analyses=both)
    assert "by the model of with. The model alone" in text
    assert SAFER in text


def test_an_analysis_that_compares_the_batches(tmp_path):
    compared = analysis("main", "{means: [slide]}", "{x: S2 - S1}")
    _, text = report_of(tmp_path, analyses=compared)
    assert "WARNING: main compares slide, which ComBat removes: what is found there" in text
    assert "lacks" not in text


def test_many_batches_are_counted_and_one_sided_ones_said(tmp_path):
    rows = [(*r[:3], f"S{i // 2:02d}", r[4]) for i, r in enumerate(EVEN)]
    rows += [(f"x{i}", "HP", "1st", f"S{9 + i}", "40") for i in range(2)]
    rows += [(f"y{i}", "MS", "1st", f"S{9 + i}", "40") for i in range(2)]
    report, text = report_of(tmp_path, rows=rows)
    assert "in batches (of 10) most in one" in text
    assert rows_of(report, "group HP") == ["group", "HP", "10", "6", "2"]
    # a slide for each person, and two that hold both groups
    assert "8 of the 10 batches, with 16 of the 20 samples, hold one group only" in text
    assert f"WARNING: {SAFER}" in text


def test_few_one_sided_batches_are_not_said(tmp_path):
    rows = [*EVEN, ("h8", "HP", "1st", "S3", "30"), ("h9", "HP", "3rd", "S3", "30")]
    _, text = report_of(tmp_path, rows=rows)
    assert "only: there nothing tells" not in text


def with_factor(tmp_path, values, **options) -> str:
    """Give what is said above the analyses of a study with a further factor, `arm`, kept."""
    rows = [(*r[:4], value, r[4]) for r, value in zip(EVEN, values, strict=True)]
    _, text = report_of(
        tmp_path,
        rows=rows,
        normalise=COMBAT.replace("timepoint]", "timepoint, arm]"),
        sheet=("subject", "group", "timepoint", "slide", "arm", "age"),
        factors="[slide, arm]",
        **options,
    )
    assert "arm" in text
    return text.partition("Analysis main")[0]


def test_one_sample_of_each_combination_confounds_nothing(tmp_path):
    arms = [f"a{(int(r[0][1]) + (r[1] == 'MS')) % 4}" for r in EVEN]
    means = analysis("main", "{means: [group, timepoint, arm]}", "{x: MS.1st.a0 - HP.1st.a0}")
    assert "WARNING" not in with_factor(tmp_path, arms, analyses=means)


def test_a_rare_level_that_is_only_kept_is_no_warning(tmp_path):
    assert "WARNING" not in with_factor(tmp_path, ["yes", *["no"] * 15])
    compared = analysis("main", "{means: [arm]}", "{x: yes - no}")
    said = with_factor(tmp_path, ["yes", *["no"] * 15], analyses=compared)
    assert "1 of the 2 batches, with 8 of the 16 samples, hold one arm only" in said


def test_real_arrays_with_slides_of_one_sample(tmp_path, shared_data):
    folder = shared_data / "epic_chr18_21"
    with (folder / "samples.csv").open() as file:
        sheet = list(csv.DictReader(file))
    text = "sample_id,subject,group,timepoint,slide,age\n"
    for r in sheet:
        group = {"F": "HP", "M": "MS"}[r["sex"]]
        text += f"{r['sample']},{r['subject']},{group},1st,{r['sentrix_id']},{r['age']}\n"
    study = write_betas_study(
        tmp_path,
        normalise="[{combat: {batch: slide, keep: [group, age]}}]",
        analyses=analysis("main", "{means: [group]}", "{x: MS - HP}"),
        files=f"['{folder / 'betas.csv.gz'}']",
    )
    (tmp_path / "samples.csv").write_text(text)
    report = check_study(study)
    said = " ".join(report.text.split())
    assert "203220070206 and 203225140119 have one sample only" in said
    assert "10 of the 14 batches, with 15 of the 24 samples, hold one group only" in said
    assert report.faulty == ("combat of meth", "main")
