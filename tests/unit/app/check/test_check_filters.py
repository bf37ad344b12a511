"""`cohortmart check` says which filters lack what they need."""

from __future__ import annotations

import re

import pytest

from cohortmart.app.check.report import check_study
from cohortmart.core.errors import IngestError
from tests.support.small_betas import EVEN, write_betas_study

NOTES = {
    "detection": "the filter for detection p needs detection p beside the betas",
    "beads": "the filter for bead counts needs bead counts beside the betas",
    "masks": "the filter for SNP and multi-hit probes needs `reference: {masks: [FILE]}`",
    "x_y": "the filter for X and Y needs `reference: {manifest: FILE}`: it will do nothing",
    "manifest": "without `reference: {manifest: FILE}` nothing is known of the probes' places",
}


def notes(study) -> set[str]:
    text = " ".join(check_study(study).text.split())
    return {name for name, note in NOTES.items() if f"note: {note}" in text}


def genomestudio(path, columns: str, names) -> None:
    quantities = columns.split(",")
    head = [f"{n}.{q}" for n in names for q in quantities]
    rows = [f"cg{i:08d}\t" + "\t".join(["0.5"] * len(head)) for i in range(5)]
    path.write_text("TargetID\t" + "\t".join(head) + "\n" + "\n".join(rows) + "\n")


def test_bare_betas_lack_everything(tmp_path):
    assert notes(write_betas_study(tmp_path, normalise="[]")) == set(NOTES)


def test_each_reference_is_enough_for_its_filter(tmp_path):
    manifest = "{manifest: m.csv}"
    assert notes(write_betas_study(tmp_path, reference=manifest)) == {"detection", "beads", "masks"}
    assert "masks" not in notes(write_betas_study(tmp_path, reference="{masks: [x.txt]}"))


def test_filters_that_are_off_need_nothing(tmp_path):
    off = "{detection_p: false, beads: false, masks: false, sex_chromosomes: false}"
    assert notes(write_betas_study(tmp_path, more=f"filter: {off}")) == {"manifest"}


def test_quantities_beside_the_betas_in_the_same_file(tmp_path):
    study = write_betas_study(tmp_path, files="[gs.txt]")
    names = [f"B{i}" for i in range(len(EVEN))]
    genomestudio(tmp_path / "gs.txt", "AVG_Beta,Detection Pval", names)
    assert notes(study) == set(NOTES) - {"detection"}
    genomestudio(tmp_path / "gs.txt", "AVG_Beta,Detection Pval,NBEADS", names)
    assert notes(study) == set(NOTES) - {"detection", "beads"}


def test_quantities_in_files_of_their_own(tmp_path):
    study = write_betas_study(tmp_path, more="detection_p: p.csv")
    (tmp_path / "p.csv").write_text((tmp_path / "betas.csv").read_text())
    assert notes(study) == set(NOTES) - {"detection"}
    text = (tmp_path / "betas.csv").read_text().replace(",B3,", ",other,")
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(IngestError, match="no column for 1 of the samples"):
        check_study(study)


def test_one_of_two_files_without_detection_p(tmp_path):
    study = write_betas_study(tmp_path, files="[with.txt, without.txt]")
    names = [f"B{i}" for i in range(len(EVEN))]
    genomestudio(tmp_path / "with.txt", "AVG_Beta,Detection Pval,NBEADS", names[:8])
    genomestudio(tmp_path / "without.txt", "AVG_Beta,NBEADS", names[8:])
    text = " ".join(check_study(study).text.split())
    assert "(`detection_p: FILE`): it will do nothing for the samples of without.txt" in text
    assert "the filter for bead counts" not in text


def test_counts_have_no_such_filters(tmp_path):
    text = write_betas_study(tmp_path).read_text().replace("m_value", "log_cpm")
    text = re.sub(
        "kind: beta(?s:.*?)reference", "kind: counts\n    files: [betas.csv]\nreference", text
    )
    (tmp_path / "study.yml").write_text(text)
    betas = tmp_path / "betas.csv"
    betas.write_text(betas.read_text().replace("0.", ""))
    assert "filter" not in check_study(tmp_path / "study.yml").text


def test_a_real_export_has_all_but_masks(tmp_path, shared_data):
    folder = shared_data / "hm450_genomestudio"
    study = write_betas_study(
        tmp_path,
        normalise="[]",
        files=f"['{folder / 'TableControl_SampleMethylationProfile.txt.gz'}']",
        reference=f"{{manifest: '{folder / 'manifest_excerpt.csv.gz'}'}}",
    )
    names = [r.split(",")[0] for r in (folder / "samples.csv").read_text().splitlines()[1:]]
    rows = [f"{n},s{i},HP,1st,S{i % 2},30" for i, n in enumerate(names)]
    head = "sample_id,subject,group,timepoint,slide,age"
    (tmp_path / "samples.csv").write_text("\n".join([head, *rows]) + "\n")
    assert notes(study) == {"masks"}
    assert "meth about 3,400 probes" in check_study(study).text


def test_a_manifest_of_another_array_is_named(tmp_path):
    study = write_betas_study(tmp_path, reference="{manifest: other.csv}")
    (tmp_path / "other.csv").write_text("Name,CHR,MAPINFO\ncg9,1,100\n")
    text = " ".join(check_study(study).text.split())
    assert re.search(r"WARNING: 0 of \d+ probes of assay \w+ are in other.csv", text)
    probes = [line.split(",")[0] for line in (tmp_path / "betas.csv").read_text().splitlines()[1:]]
    rows = "".join(f"{probe},1,100\n" for probe in probes)
    (tmp_path / "other.csv").write_text(f"Name,CHR,MAPINFO\n{rows}")
    assert "are in other.csv" not in check_study(study).text
