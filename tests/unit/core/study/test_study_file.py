"""study.yml: what is read, and what is said about each fault."""

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study import load as loading
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Reference

GOOD = """\
study: tiny
samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  visit_key: [state]
  factors: [state, batch]
  covariates: [age]
timepoints: [BP, 1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
  meth:
    kind: beta
    files: [betas.csv]
    sample: array
analyses:
  main:
    assay: rna
    where: "state = 'Resting'"
    values: voom
    model:
      means: [group, timepoint]
      covariates: [age, batch]
      block: subject
    thresholds: {p: 0.05}
    contrasts:
      time_within_group: all
      MSvsHP_3rd: MS.3rd - HP.3rd
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


def test_a_good_study_is_a_typed_record(load, tmp_path):
    study = load(GOOD)
    assert study.study == "tiny"
    assert study.samples[0].file == tmp_path / "samples.csv"
    assert study.assays["rna"].files == (tmp_path / "counts.tsv",)
    assert study.assays["meth"].sample == "array"
    assert study.factors == ("state", "batch")
    main = study.analyses["main"]
    assert main.model.means == ("group", "timepoint")
    assert main.model.block == "subject"
    assert main.thresholds.p == 0.05
    assert main.contrasts == {"time_within_group": "all", "MSvsHP_3rd": "MS.3rd - HP.3rd"}
    assert main.contrast_errors == "exact"


def test_numbers_in_lists_of_names_stay_as_written(load):
    text = GOOD.replace("[BP, 1st, 3rd]", "[007, 1.50, 1003]").replace("[HP, MS]", "[NO, 1]")
    study = load(text.replace("MSvsHP_3rd: MS.3rd - HP.3rd", "interaction: all"))
    assert study.timepoints == ("007", "1.50", "1003")
    assert study.groups == ("NO", "1")
    assert [type(t) for t in study.timepoints] == [str] * 3


def test_a_list_of_sheets(load):
    sheet = GOOD[GOOD.index("  file: s") : GOOD.index("timepoints:")]
    first = "  - " + sheet.replace("\n  ", "\n    ").strip()
    text = GOOD.replace(sheet, first + "\n  - {file: more.csv, subject: id, covariates: [bmi]}\n")
    study = load(text)
    assert [s.file.name for s in study.samples] == ["samples.csv", "more.csv"]
    assert study.covariates == ("age", "bmi")


SHEETS = """\
samples:
  - {file: a.csv, sample: s, subject: p, group: g, timepoint: t, factors: [state, batch]}
  - {file: b.csv, subject: p, covariates: [age]}
  - {file: c.csv, subject: p}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("group: g, ", "", "`group` is missing in `samples` (entry 1)"),
        ("a.csv, sample: s, subject: p", "a.csv, sample: s", "missing in `samples` (entry 1)"),
        ("b.csv, subject: p", "b.csv", "`subject` is missing in `samples` (entry 2)"),
        ("file: a.csv", "file: '${X Y}'", "`samples (entry 1).file` cannot be used"),
        ("{file: c.csv, subject: p}", "{file: c.csv, subject: [p]}", "(entry 3).subject` cannot"),
    ],
)
def test_a_fault_in_a_list_of_sheets_names_the_entry(load, old, new, said):
    text = SHEETS + GOOD[: GOOD.index("samples:")] + GOOD[GOOD.index("timepoints:") :]
    load(text)
    with pytest.raises(StudyError) as caught:
        load(text.replace(old, new))
    assert said in caught.value.problem


def test_a_lone_sheet_is_no_entry(load):
    with pytest.raises(StudyError) as caught:
        load(GOOD.replace("  group: group\n", ""))
    assert caught.value.problem == "the key `group` is missing in `samples`"


def test_analyses_may_be_absent(load):
    assert load(GOOD[: GOOD.index("analyses:")]).analyses == {}
    assert load(GOOD[: GOOD.index("analyses:")] + "analyses:\n").analyses == {}


def test_what_asks_for_nothing_may_stand(load):
    text = GOOD.replace(
        "    sample: array", "    sample: array\n    impute: none\n    normalise: []"
    )
    text += "reference: {}\n"
    text = text.replace("files: [counts.tsv]}", "files: [c], read: {collapse_replicates: false}}")
    assert load(text) is not None


# each row: what is replaced, by what, text on the faulty line, what the message must hold
FAULTS = {
    "unknown key": ("study: tiny", "study: tiny\nsampels: x", "sampels", ["`samples`?"]),
    "misspelt key is not also missing": (
        "timepoints: [BP",
        "timepoint: [BP",
        "timepoint: [BP",
        ["unknown key `timepoint`", "did you mean `timepoints`?"],
    ),
    "misspelt nested key": ("      block:", "      blok:", "blok", ["`model`", "`block`?"]),
    "key of another place": (
        "    thresholds:",
        "    block: subject\n    thresholds:",
        "    block: subject\n    thr",
        ["unknown key `block` in an analysis", "belongs under `model`"],
    ),
    "missing key": ("    values: voom\n", "", "  main:", ["`values` is missing", "analyses.main"]),
    "missing top key": ("groups: [HP, MS]\n", "", "study: tiny", ["`groups` is missing"]),
    "first sheet without group": ("  group: group\n", "", "samples:", ["`group` is missing"]),
    "misspelt value": ("values: voom", "values: vom", "vom", ["`voom`?", "log_cpm", "vom"]),
    "misspelt kind": ("kind: counts", "kind: count", "kind: count", ["counts, beta", "`counts`?"]),
    "text for a number": (
        "p: 0.05",
        "p: '0.05'",
        "p: '",
        ["a number", "because of its quotes", "without quotes"],
    ),
    "number out of range": ("p: 0.05", "p: 0", "p: 0", ["a number above 0"]),
    "number too large": ("p: 0.05", "p: 1.5", "p: 1.5", ["1 or less", "1.5"]),
    "not a number": ("p: 0.05", "p: .nan", ".nan", ["number"]),
    "yes for true": (
        "    thresholds:",
        "    moderation: {trend: yes}\n    thresholds:",
        "trend",
        ["true or false", "yes"],
    ),
    "text for a list": ("groups: [HP, MS]", "groups: HP", "groups: HP", ["a list", "brackets"]),
    "nothing for a list": ("groups: [HP, MS]", "groups:", "groups:", ["found:    nothing"]),
    "empty list": ("groups: [HP, MS]", "groups: []", "groups", ["at least one"]),
    "true among names": ("[HP, MS]", "[HP, true]", "true", ["text", "quotes"]),
    "list for text": ("study: tiny", "study: [a]", "study", ["text", "a list: [a]"]),
    "text for a block": (
        "rna: {kind: counts, files: [counts.tsv]}",
        "rna: counts.tsv",
        "rna",
        ["block"],
    ),
    "no contrasts": (
        "      time_within_group: all\n      MSvsHP_3rd: MS.3rd - HP.3rd\n",
        "      {}\n",
        "{}",
        ["at least one"],
    ),
    "assay unknown": ("assay: rna", "assay: rns", "rns", ["no assay `rns`", "`rna`?"]),
    "values of the other kind": ("values: voom", "values: m_value", "m_value", ["log_cpm or voom"]),
    "values of the other assay": ("assay: rna", "assay: meth", "values: voom", ["m_value or beta"]),
    "voom options without voom": (
        "values: voom",
        "values: log_cpm\n    voom: {rounds: 1}",
        "rounds",
        ["`values: voom`"],
    ),
    "span of nothing": (
        "values: voom",
        "values: voom\n    voom: {span: 0}",
        "span",
        ["adaptive, a number above 0 and up to 1", "found:    0"],
    ),
    "span too wide": ("values: voom", "values: voom\n    voom: {span: 1.2}", "span", ["up to 1"]),
    "span misspelt": (
        "values: voom",
        "values: voom\n    voom: {span: adaptiv}",
        "span",
        ["`adaptive`?"],
    ),
    "prior misspelt": (
        "    thresholds:",
        "    moderation: {prior: likelyhood}\n    thresholds:",
        "prior",
        ["one of likelihood, moments", "`likelihood`?"],
    ),
    "filter for betas": (
        "assay: rna\n    where: \"state = 'Resting'\"\n    values: voom",
        "assay: meth\n    filter: none\n    values: m_value",
        "filter",
        ["only for assays of kind counts"],
    ),
    "delta_beta for counts": ("p: 0.05", "delta_beta: 0.1", "delta_b", ["kind beta"]),
    "sum_by for betas": (
        "    sample: array",
        "    read: {sum_by: gene_name}",
        "sum_by",
        ["only for assays of kind counts", "kind: beta"],
    ),
    "signals of counts": (
        "files: [counts.tsv]",
        "files: [counts.tsv], read: {keep_signals: true}",
        "keep_signals",
        ["only for assays of kind beta"],
    ),
    "platform for counts": (
        "files: [counts.tsv]",
        "files: [counts.tsv], platform: EPIC",
        "platform",
        ["only for assays of kind beta"],
    ),
    "clip for counts": (
        "files: [counts.tsv]",
        "files: [counts.tsv], m_value_clip: 1e-6",
        "m_value_clip",
        ["only for assays of kind beta"],
    ),
    "mean misspelt": ("[group, timepoint]", "[group, timepont]", "timepont", ["`timepoint`?"]),
    "mean is a number": ("[group, timepoint]", "[group, age]", "[group, age]", ["is a number"]),
    "covariate unknown": ("[age, batch]", "[aeg, batch]", "aeg", ["`age`?"]),
    "covariate not declared": ("[age, batch]", "[weight, batch]", "weight", ["declare it"]),
    "twice in model": ("[age, batch]", "[age, group]", "[age, group]", ["`group` stands twice"]),
    "block unknown": ("block: subject", "block: subjekt", "subjekt", ["`subject`?"]),
    "block is a mean": ("block: subject", "block: group", "block: g", ["`means` and the block"]),
    "block is a covariate": (
        "block: subject",
        "block: batch",
        "block: b",
        ["`covariates` and the"],
    ),
    "block is a number": ("block: subject", "block: age", "block", ["is a number"]),
    "no cell type": ("[age, batch]", "[cell_type]", "[cell_type]", ["cell_type: <column>"]),
    "neither means nor formula": (
        "      means: [group, timepoint]\n",
        "",
        "model:",
        ["neither `means` nor `formula`"],
    ),
    "means and formula": (
        "      block:",
        '      formula: "~ group"\n      block:',
        "means:",
        ["not both"],
    ),
    "baseline with formula": (
        "      means: [group, timepoint]\n      covariates: [age, batch]",
        '      formula: "~ group"\n      baseline: MS.BP',
        "baseline",
        ["goes with `means`"],
    ),
    "baseline unknown": ("block: subject", "baseline: MS.1th", "1th", ["`MS.1st`?", "HP.BP"]),
    "family with an expression": (
        "time_within_group: all",
        "time_within_group: MS.3rd - MS.1st",
        "time_within",
        ["expected: all"],
    ),
    "family misspelt": ("time_within_group", "time_in_group", "time_in", ["`time_within_group`?"]),
    "family without means": ("[group, timepoint]", "[group]", "time_within", ["timepoint"]),
    "group twice": ("[HP, MS]", "[HP, MS, HP]", "groups", ["`HP` stands twice"]),
    "time point twice": ("[BP, 1st, 3rd]", "[BP, 1st, BP]", "timepoints", ["entry 1"]),
    "file twice": ("[betas.csv]", "[betas.csv, ./betas.csv]", "betas", ["stands twice"]),
    "assay name": ("  rna: {", "  r/na: {", "r/na", ["letters, digits"]),
    "analysis name": ("  main:", "  my model:", "my model", ["letters, digits"]),
    "names alike": ("  meth:\n", "  RNA:\n", "RNA", ["upper and lower case"]),
    "reserved column": ("[age]", "[age, Visit_Order]", "Visit_Order", ["cannot be called"]),
    "columns alike": ("[age]", "[age, Batch]", "Batch", ["upper and lower case"]),
    "number and category": ("[age]", "[age, batch]", "covariates: [age, batch]\ntime", ["both as"]),
    "factor twice": ("[state, batch]", "[batch, batch]", "factors", ["stands twice"]),
    "variable not set": ("file: samples", "file: ${NOT_SET_x}/samples", "NOT_SET", ["not set"]),
    "variable broken": ("file: samples", "file: ${NOT SET}/samples", "NOT", ["${NAME:-"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_names_its_line_and_what_to_do(load, name):
    old, new, at, says = FAULTS[name]
    assert GOOD.count(old) == 1, "the row must change one place"
    text = GOOD.replace(old, new)
    line = text.count("\n", 0, text.index(at)) + 1
    with pytest.raises(StudyError) as caught:
        load(text)
    error = caught.value
    assert error.line == line, str(error)
    assert error.column is not None
    for part in says:
        assert part in str(error)


@pytest.mark.parametrize(
    "name", ["group", "Timepoint", "cell_type", "n_visits", "n_samples", "assay", "sample_id"]
)
def test_no_column_of_the_study_is_named_like_one_of_the_tables(load, name):
    for old in ("factors: [state", "covariates: [age"):
        with pytest.raises(StudyError, match=f"cannot be called `{name}`"):
            load(GOOD.replace(old, f"{old}, {name}"))


def test_what_comes_later_is_known_but_not_yet_done(load, monkeypatch):
    name = "genes"
    monkeypatch.setitem(loading.LATER_KEYS, Reference, {name: ()})
    text = GOOD.replace("groups: [", "reference: {genes: a.tsv}\ngroups: [", 1)
    with pytest.raises(StudyError) as caught:
        load(text)
    assert caught.value.line == line_of(text, name)
    assert "does not do it yet" in str(caught.value)
    assert "leave it out" in str(caught.value)
    assert f"`{name}" in str(caught.value)


def test_the_first_fault_is_told_and_the_others_counted(load):
    text = GOOD.replace("[HP, MS]", "HP").replace("values: voom", "values: x")
    text = text.replace("kind: beta", "kind: betas").replace("{p: 0.05}", "{p: x}")
    with pytest.raises(StudyError, match=r"and 3 more faults") as caught:
        load(text)
    assert caught.value.line == line_of(text, "groups")


def test_the_message_reads_well(load, tmp_path):
    with pytest.raises(StudyError) as caught:
        load(GOOD.replace("timepoints:", "timepoint:"))
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/study.yml, line 11, column 1: unknown key `timepoint` at the top level",
        "  expected: one of study, samples, timepoints, groups, subject_noun, timepoint_noun, "
        "describe, assays, identity, derive, reference, analyses",
        "  found:    timepoint",
        "  to do:    did you mean `timepoints`?",
    ]


@pytest.mark.parametrize("text", ["just words\n", "- a\n- b\n", "5\n"])
def test_something_else_than_a_study(load, text):
    with pytest.raises(StudyError, match="not a study file"):
        load(text)


def test_variables_in_paths(load, tmp_path, monkeypatch):
    text = GOOD.replace("file: samples.csv", "file: ${COHORT_DATA:-../raw}/samples.csv")
    monkeypatch.delenv("COHORT_DATA", raising=False)
    assert load(text).samples[0].file == tmp_path.parent / "raw" / "samples.csv"
    monkeypatch.setenv("COHORT_DATA", "/elsewhere")
    assert load(text).samples[0].file == Path("/elsewhere/samples.csv")
    monkeypatch.setenv("COHORT_DATA", "")
    assert load(text).samples[0].file == tmp_path.parent / "raw" / "samples.csv"
    monkeypatch.setenv("COHORT_DATA", "sub")
    assert load(text.replace(":-../raw", "")).samples[0].file == tmp_path / "sub" / "samples.csv"


def test_a_relative_path_is_relative_to_the_study_file(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "study.yml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert load_study("here/study.yml").samples[0].file == tmp_path / "here" / "samples.csv"
