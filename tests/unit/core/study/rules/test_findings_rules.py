"""study.yml: rebound, dmp_deg, enrichment, modules, and the files they need."""

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study

GOOD = """\
study: tiny
samples: {file: s.csv, sample: sample_id, subject: subject, group: group, timepoint: timepoint}
timepoints: [1st, 3rd, PP]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
  meth: {kind: beta, files: [betas.csv]}
reference:
  gene_sets: [sets/go_bp.gmt.gz]
  gene_lists: {disease: disease.txt}
  network: edges.tsv
  manifest: manifest.csv
analyses:
  genes:
    assay: rna
    values: voom
    model: &model {means: [group, timepoint], block: subject}
    contrasts: &contrasts
      HP_3rd-1st: HP.3rd - HP.1st
      HP_PP-3rd: HP.PP - HP.3rd
      MS_3rd-1st: MS.3rd - MS.1st
    rebound:
      pairs: [[3rd-1st, PP-3rd]]
    enrichment:
      tests: [camera]
      contrasts: [HP_3rd-1st]
      collections: [go_bp, gene_lists, contrasts]
      from_contrasts:
        rise: {analysis: genes, contrast: MS_3rd-1st, direction: up}
    modules: {mode: paper, seed_weight: 10}
  cpgs:
    assay: meth
    values: m_value
    model: *model
    contrasts: *contrasts
    dmr: {maximum_gap: 400}
    dmp_deg: {expression: genes}
"""


@pytest.fixture
def load(tmp_path: Path):
    def read(text: str):
        file = tmp_path / "study.yml"
        file.write_text(text, encoding="utf-8")
        return load_study(file)

    return read


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_good_study_is_a_typed_record(load, tmp_path):
    study = load(GOOD)
    genes = study.analyses["genes"]
    assert genes.rebound.pairs == (("3rd-1st", "PP-3rd"),)
    assert genes.rebound.preset == "default"
    assert genes.enrichment.tests == ("camera",)
    assert genes.enrichment.from_contrasts["rise"].direction == "up"
    assert genes.enrichment.permutations == 1000
    assert (genes.modules.mode, genes.modules.seed_weight) == ("paper", 10)
    assert study.analyses["cpgs"].dmp_deg.expression == "genes"
    regions = study.analyses["cpgs"].dmr
    assert (regions.maximum_gap, regions.minimum_probes) == (400, 3)
    assert (regions.p, regions.rotations) == (0.05, 999)
    assert study.reference.gene_sets == (tmp_path / "sets" / "go_bp.gmt.gz",)
    assert study.reference.gene_lists == {"disease": tmp_path / "disease.txt"}
    assert study.reference.network is not None
    assert study.reference.network.file == tmp_path / "edges.tsv"


def test_a_family_of_contrasts_may_make_the_names(load):
    families = GOOD.replace("      MS_3rd-1st: MS.3rd - MS.1st\n", "      time_within_group: all\n")
    families = families.replace("contrast: MS_3rd-1st", "contrast: MS_PP-1st")
    assert load(families.replace("[3rd-1st, PP-3rd]", "[PP-1st, 3rd-1st]"))


FAULTS = {
    "no contrast `3nd-1st`": ("[[3rd-1st, PP-3rd]]", "[[3nd-1st, PP-3rd]]", "pairs"),
    "paired with itself": ("[[3rd-1st, PP-3rd]]", "[[3rd-1st, 3rd-1st]]", "pairs"),
    "the same pair stands twice": (
        "[[3rd-1st, PP-3rd]]", "[[3rd-1st, PP-3rd], [3rd-1st, PP-3rd]]", "pairs",
    ),
    "cannot be used as it is": ("[[3rd-1st, PP-3rd]]", "[[3rd-1st]]", "pairs"),
    "unknown key `pair` in `rebound`": ("pairs:", "pair:", "pair:"),
    "no analysis of counts called `gene`": ("expression: genes", "expression: gene", "dmp_deg"),
    "stands in an analysis of counts": (
        "    modules:", "    dmp_deg: {expression: cpgs}\n    modules:", "dmp_deg: {expr",
    ),
    "no contrast `HP_3rd`": ("contrasts: [HP_3rd-1st]", "contrasts: [HP_3rd]", "contrasts: [HP"),
    "no collection `go`": ("[go_bp, gene", "[go, gene", "collections"),
    "no analysis `geenes`": ("rise: {analysis: genes", "rise: {analysis: geenes", "rise"),
    "no contrast `MS_1st-3rd`": ("contrast: MS_3rd-1st", "contrast: MS_1st-3rd", "rise"),
    "`minimum_size` is above": ("tests: [camera]", "minimum_size: 501", "minimum_size"),
    "needs seeds": ("    rebound:\n      pairs: [[3rd-1st, PP-3rd]]\n", "", "modules"),
    "needs an interaction network": ("  network: edges.tsv\n", "", "modules"),
    "`dmr` stands in an analysis of counts": (
        "    modules:", "    dmr: {}\n    modules:", "dmr: {}",
    ),
    "`dmr` needs to know where the CpGs lie": ("  manifest: manifest.csv\n", "", "dmr:"),
    "unknown key `max_gap` in `dmr`": ("maximum_gap", "max_gap", "max_gap"),
    "unknown key `weight` in `modules`": ("seed_weight", "weight", "modules"),
}  # fmt: skip


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_is_told_with_its_line(load, message):
    old, new, place = FAULTS[message]
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(StudyError) as caught:
        load(text)
    assert message in str(caught.value)
    assert caught.value.line == line_of(text, place)
    assert caught.value.hint


def test_enrichment_needs_a_gene_set(load):
    text = GOOD.replace(
        "  gene_sets: [sets/go_bp.gmt.gz]\n  gene_lists: {disease: disease.txt}\n", ""
    )
    text = text.replace("      collections: [go_bp, gene_lists, contrasts]\n", "")
    assert load(text)  # the list made from a contrast is one
    start = text.index("      from_contrasts")
    stop = text.index("    modules")
    with pytest.raises(StudyError, match="no gene set to test for"):
        load(text[:start] + text[stop:])


@pytest.mark.parametrize(
    ("tests", "message"), [("[]", "cannot be used"), ("[camera]", "camera and gsea rank")]
)
def test_an_analysis_of_betas_has_over_representation(load, tests, message):
    more = f"    dmp_deg: {{expression: genes}}\n    enrichment: {{tests: {tests}}}"
    with pytest.raises(StudyError, match=message):
        load(GOOD.replace("    dmp_deg: {expression: genes}", more))


def test_the_words_of_a_list_are_said(load):
    with pytest.raises(StudyError) as caught:
        load(GOOD.replace("tests: [camera]", "tests: [camara]"))
    assert "over_representation, camera, gsea" in str(caught.value)
    assert "camera" in str(caught.value.hint)


def test_an_analysis_without_common_contrasts_cannot_be_linked(load):
    text = GOOD.replace("    contrasts: *contrasts", "    contrasts: {rise: MS.3rd - MS.1st}")
    with pytest.raises(StudyError, match="no contrast of the same name"):
        load(text)


@pytest.mark.parametrize("wrong", ["minimum_probes: 1", "maximum_gap: 0", "p: 1", "rotations: 9"])
def test_options_of_regions_have_bounds(load, wrong):
    text = GOOD.replace("maximum_gap: 400", wrong)
    with pytest.raises(StudyError, match="cannot be used as it is") as caught:
        load(text)
    assert caught.value.line == line_of(text, wrong)
