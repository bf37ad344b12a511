"""study.yml: the options of methylation."""

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study

GOOD = """\
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
  meth:
    kind: beta
    files: [betas.csv]
    sample: array
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        file = tmp_path / "study.yml"
        file.write_text(text, encoding="utf-8")
        return load_study(file)

    return read


def line_of(text, part):
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


METHYLATION = GOOD.replace(
    "    sample: array\n",
    """\
    sample: array
    platform: EPIC
    detection_p: p.csv
    bead_count: [b1.csv, b2.csv]
    filter: {detection_p: 0.05, beads: {minimum: 4}, probe_missing: false, sex_chromosomes: false}
    normalise: [bmiq, {combat: {batch: batch, keep: [group, age]}}]
    impute: mean
""",
).replace("groups: [HP", "reference: {manifest: m.csv, masks: [a.txt, b.txt]}\ngroups: [HP")


def test_options_of_methylation(load, tmp_path):
    study = load(METHYLATION)
    meth = study.assays["meth"]
    assert meth.detection_p == (tmp_path / "p.csv",)
    assert meth.bead_count == (tmp_path / "b1.csv", tmp_path / "b2.csv")
    chosen = meth.filter
    assert (chosen.detection_p, chosen.sample_missing, chosen.probe_missing) == (0.05, 0.1, None)
    assert (chosen.beads.minimum, chosen.beads.share) == (4, 0.05)
    assert (chosen.non_cpg, chosen.masks, chosen.sex_chromosomes) == (True, True, False)
    assert meth.layers == ("raw", "bmiq", "combat", "imputed")
    assert meth.normalise[1].combat.keep == ("group", "age")
    assert study.reference.manifest == (tmp_path / "m.csv",)
    assert study.reference.masks == (tmp_path / "a.txt", tmp_path / "b.txt")


def test_one_step_needs_no_list_and_bmiq_a_manifest(load):
    text = METHYLATION.replace("[bmiq, {combat: {batch: batch, keep: [group, age]}}]", "bmiq")
    assert load(text).assays["meth"].layers == ("raw", "bmiq", "imputed")
    with pytest.raises(StudyError, match="design type") as caught:
        load(text.replace("manifest: m.csv, ", ""))
    assert caught.value.line == line_of(text, "normalise: bmiq")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("batch: batch", "batch: bach", ["no factor", "`batch`?"]),
        ("keep: [group", "keep: [batch", ["both remove and keep"]),
        ("keep: [group", "keep: [grup", ["does not have", "`group`?"]),
        ("[bmiq,", "[bmik,", ["unknown key `bmik`", "`bmiq`?"]),
        ("[bmiq,", "[bmiq, bmiq,", ["stands twice"]),
        ("[bmiq,", "[{bmiq: true, combat: {batch: batch}},", ["names one method"]),
        ("minimum: 4", "minimun: 4", ["`beads`", "`minimum`?"]),
        ("detection_p: 0.05", "detection_p: 5", ["a number below 1"]),
        ("impute: mean", "impute: knn", ["none, mean"]),
        ("kind: beta", "kind: counts", ["only for assays of kind beta"]),
    ],
)
def test_faults_in_options_of_methylation(load, old, new, words):
    with pytest.raises(StudyError) as caught:
        load(METHYLATION.replace(old, new, 1))
    assert all(word in str(caught.value) for word in words), str(caught.value)
