"""study.yml: derived assays, from what and with which keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import DerivedAssay, Study

HEAD = """\
study: tiny
samples: {file: s.csv, sample: sample_id, subject: subject, group: group, timepoint: timepoint}
timepoints: [1st, 3rd, PP]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
  meth: {kind: beta, files: [betas.csv]}
"""
CELLS = "{from: meth, method: cell_fractions, reference: ref.csv"
CLOCK = "{from: meth, method: linear_score, weights: clock.csv"
TF = "{from: rna, method: activity, network: net.tsv"


def load(folder: Path, *derived: str) -> Study:
    file = folder / "study.yml"
    text = HEAD + "".join(
        f"  {line}\n" if i else f"derive:\n  {line}\n" for i, line in enumerate(derived)
    )
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def fault(folder: Path, *derived: str) -> StudyError:
    with pytest.raises(StudyError) as caught:
        load(folder, *derived)
    return caught.value


def test_derived_assays_are_assays_of_kind_continuous(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        f"tf: {TF}, minimum_targets: 3}}",
        f"cells: {CELLS}, solver: constrained, sum: one}}",
        f"clock: {CLOCK}, intercept: 0.5, transform: anti_log_linear}}",
        "risk: {from: cells, method: linear_score, weights: risk.csv}",
    )
    assert list(study.measured_assays) == ["rna", "meth"]
    assert list(study.derived_assays) == ["cells", "clock", "tf", "risk"]
    cells = study.assays["cells"]
    assert isinstance(cells, DerivedAssay)
    assert (cells.kind, cells.layers, cells.unit) == ("continuous", ("derived",), "fraction")
    assert cells.made.file == tmp_path / "ref.csv"
    assert (cells.made.source, cells.made.sum, cells.made.solver) == ("meth", "one", "constrained")
    assert study.derive["clock"].intercept == 0.5
    assert study.derive["clock"].file == tmp_path / "clock.csv"
    assert study.derive["tf"].minimum_targets == 3


def test_no_derived_assay_leaves_the_study_as_it_is(tmp_path: Path) -> None:
    assert load(tmp_path).derived_assays == {}
    (tmp_path / "study.yml").write_text(HEAD + "derive:\n")
    assert load_study(tmp_path / "study.yml").derive == {}


@pytest.mark.parametrize(
    ("line", "problem", "hint"),
    [
        (f"c: {CELLS}, solvr: robust}}", "unknown key `solvr` in a derived assay", "solver"),
        (f"c: {CELLS}, solver: robst}}", "`derive.c.solver` cannot be used as it is", "robust"),
        ("c: {from: meth, method: cell_fractions}", "the key `reference` is missing", "reference"),
        ("c: {method: cell_fractions, reference: f.csv}", "the key `from` is missing", "from"),
        ("c: {form: meth, method: activity, network: f}", "unknown key `form`", "from"),
        (f"c: {CELLS.replace('meth,', 'mth,')}}}", "there is no assay `mth`", "meth"),
        (f"c: {CELLS.replace('meth,', 'rna,')}}}", "not for assays of kind counts", "meth"),
        (f"c: {TF.replace('from: rna', 'from: meth')}}}", "not for assays of kind beta", "rna"),
        (f"c: {CELLS}, minimum_targets: 5}}", "belongs to `method: activity`", "leave"),
        (f"c: {TF}, weights: w.csv}}", "belongs to `method: linear_score`", "leave"),
        (f"c: {CELLS}, solver: robust, sum: one}}", "robust fractions always add up to 1", "leave"),
        (f"c: {CLOCK}, intercept: half}}", "`derive.c.intercept` cannot be used", ""),
        (f"c: {TF}, minimum_targets: 0}}", "`derive.c.minimum_targets` cannot be used", ""),
        (f"RNA: {CELLS}}}", "there is an assay `rna` already", "rename"),
        (f"meth: {CELLS}}}", "there is an assay `meth` already", "rename"),
        (f"a b: {CELLS}}}", "an assay cannot be called `a b`", "rename"),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, line: str, problem: str, hint: str) -> None:
    error = fault(tmp_path, line)
    assert problem in str(error)
    assert hint in str(error)
    assert error.line in (len(HEAD.splitlines()) + n for n in (1, 2))


def test_a_circle(tmp_path: Path) -> None:
    score = "{{from: {}, method: linear_score, weights: w.csv}}".format
    error = fault(tmp_path, f"a: {score('c')}", f"b: {score('a')}", f"c: {score('b')}")
    assert "`a` is made from itself: `a` from `c` from `b` from `a`" in error.problem
    assert "2 more faults" in error.problem
    hanging = fault(tmp_path, f"x: {score('a')}", f"a: {score('a')}")
    assert "`a` is made from itself: `a` from `a`" in hanging.problem


def test_an_analysis_of_a_derived_assay(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text(
        HEAD
        + f"derive:\n  cells: {CELLS}}}\nanalyses:\n  a:\n    assay: cells\n    values: measured\n"
        "    model: {means: [group, timepoint], block: subject}\n"
        "    contrasts: {time_within_group: all}\n"
    )
    assert load_study(tmp_path / "study.yml").analyses["a"].assay == "cells"


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("cells.NK", "", ""),
        ("cells.any name", "", ""),
        (
            "rna.IL2",
            "`rna.IL2` is no covariate: `rna` has `kind: counts`",
            "take a feature of cells",
        ),
        (
            "cels.NK",
            "`cels.NK` is neither a role nor a declared column",
            "did you mean `cells.NK`?",
        ),
        ("other.NK", "`other.NK` is neither a role nor a declared column", "declare it"),
    ],
)
def test_numbers_of_assays_as_covariates(
    tmp_path: Path, name: str, problem: str, hint: str
) -> None:
    (tmp_path / "study.yml").write_text(
        HEAD + f"derive:\n  cells: {CELLS}}}\nanalyses:\n  a:\n    assay: rna\n    values: voom\n"
        f"    model: {{means: [group, timepoint], covariates: ['{name}'], block: subject}}\n"
        "    contrasts: {time_within_group: all}\n"
    )
    if not problem:
        study = load_study(tmp_path / "study.yml")
        assert study.analyses["a"].model.covariates == (name,)
        return
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "study.yml")
    assert problem in caught.value.problem
    assert hint in str(caught.value.hint)


def test_numbers_of_assays_are_no_means(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text(
        HEAD + f"derive:\n  cells: {CELLS}}}\nanalyses:\n  a:\n    assay: rna\n    values: voom\n"
        "    model: {means: [group, cells.NK]}\n    contrasts: {x: MS.1 - HP.1}\n"
    )
    with pytest.raises(StudyError, match=r"`cells[.]NK`"):
        load_study(tmp_path / "study.yml")
