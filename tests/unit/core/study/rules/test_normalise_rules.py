"""Which steps of `normalise` an assay may have, and what they may name; each fault at its line."""

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Assay
from cohortmart.core.study.rules.normalise import _not_for_kind

STUDY = """\
study: tiny
samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  factors: [state, batch]
  covariates: [age]
timepoints: [BP, 1st, 3rd]
groups: [HP, MS]
assays:
  rna:
    kind: counts
    files: [counts.tsv]
    normalise:
      - combat_seq:
          batch: batch
          keep: [group, timepoint, state, age]
  meth:
    kind: beta
    files: [betas.csv]
    normalise:
      - bmiq
      - combat: {batch: batch, keep: [group]}
reference: {manifest: m.csv}
"""
OF_COUNTS = """\
      - combat_seq:
          batch: batch
          keep: [group, timepoint, state, age]
"""


def loaded(folder: Path, text: str):
    file = folder / "study.yml"
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def test_each_kind_of_assay_has_its_steps(tmp_path):
    study = loaded(tmp_path, STUDY)
    rna, meth = study.assays["rna"], study.assays["meth"]
    assert rna.layers == ("raw", "combat_seq")
    assert rna.normalise[0].combat_seq.batch == "batch"
    assert rna.normalise[0].combat_seq.keep == ("group", "timepoint", "state", "age")
    assert meth.layers == ("raw", "bmiq", "combat")


def test_keep_may_be_left_out_and_normalise_empty(tmp_path):
    text = STUDY.replace("          keep: [group, timepoint, state, age]\n", "")
    assert loaded(tmp_path, text).assays["rna"].normalise[0].combat_seq.keep == ()
    text = STUDY.replace("    normalise:\n" + OF_COUNTS, "    normalise: []\n")
    assert loaded(tmp_path, text).assays["rna"].layers == ("raw",)


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        (OF_COUNTS, "      - bmiq\n", "- bmiq", ["BMIQ is for betas, not for counts", "kind: c"]),
        (
            OF_COUNTS,
            "      - combat: {batch: batch}\n",
            "- combat:",
            ["ComBat is for betas, not for counts", "write `combat_seq` for `combat`"],
        ),
        (
            "- combat: {batch: batch, keep",
            "- combat_seq: {batch: batch, keep",
            "- combat_seq: {",
            ["ComBat-seq is for counts, not for betas", "write `combat` for `combat_seq`"],
        ),
        (
            OF_COUNTS,
            OF_COUNTS + "      - combat_seq: {batch: state}\n",
            "- combat_seq: {",
            ["the step `combat_seq` stands twice"],
        ),
        ("batch: batch\n", "batch: bach\n", "batch: bach", ["ComBat-seq's batch `bach` is no fac"]),
        ("batch: batch\n", "batch: bach\n", "batch: bach", ["did you mean `batch`?"]),
        ("batch: batch\n", "batch: age\n", "batch: age", ["`age` is no factor", "state, batch"]),
        ("state, age]", "batch, age]", "keep: [group, t", ["cannot both remove and keep `batch`"]),
        ("state, age]", "state, group]", "keep: [group, t", ["`group` stands twice in `keep`"]),
        ("state, age]", "state, aeg]", "keep: [group, t", ["does not have", "`age`?"]),
        ("state, age]", "subject]", "keep: [group, t", ["`keep` names `subject`"]),
        ("batch: batch\n", "bacht: batch\n", "bacht", ["unknown key `bacht`", "`combat_seq`"]),
        (
            "batch: batch\n",
            "batch: batch\n          mean_only: true\n",
            "mean_only",
            ["unknown key `mean_only` in `combat_seq`"],
        ),
        (
            "files: [counts.tsv]\n",
            "files: [counts.tsv]\n    impute: mean\n",
            "impute",
            ["`impute` is only for assays of kind beta"],
        ),
        (
            "      - bmiq\n",
            "      - {bmiq: true, combat: {batch: batch}}\n",
            "- {bmiq",
            ["names one method", "make two steps of it"],
        ),
    ],
)
def test_a_fault_names_its_line(tmp_path, old, new, at, words):
    assert STUDY.count(old) == 1
    text = STUDY.replace(old, new)
    with pytest.raises(StudyError) as caught:
        loaded(tmp_path, text)
    line = next(i for i, line in enumerate(text.splitlines(), 1) if at in line)
    assert caught.value.line == line, str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_continuous_assay_is_told_what_it_has_instead() -> None:
    assay = Assay.model_validate({"kind": "continuous", "files": ["m.csv"], "normalise": ["bmiq"]})
    fault = _not_for_kind(("assays", "m"), "m", assay, "bmiq")
    assert "`transform`" in (fault.expected or "")
