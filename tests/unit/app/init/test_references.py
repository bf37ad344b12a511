"""Reference files by their content, and which files of a study are of use."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.app.init.assays import pattern_of
from cohortmart.app.init.command import init_study
from cohortmart.app.init.files import look_at
from cohortmart.app.study_file import load_study
from tests.support.init_files import people, write_betas, write_counts, write_sheet

CONTENT = {
    "gene_sets": "SET_A\tabout\tTP53\tIL7R\tCD4\nSET_B\tabout\tFOXP3\tGATA3\n",
    "mask": "cg00000029\ncg00000108\ncg00000109\n",
    "gene_list": "gene\nTP53\nIL7R\nFOXP3\n",
    "network": "gene_a\tgene_b\nTP53\tMDM2\nIL7R\tJAK3\n",
    "genes": "symbol\tensembl_gene_id\tchromosome\tstart\nTP53\tENSG00000141510\t17\t7661779\n",
    "manifest": "probe_id,CHR,MAPINFO,Infinium_Design_Type\ncg00000029,16,53468112,II\n",
    "transcripts": "tx\tgene\nENST00000269305\tENSG00000141510\n",
    "unknown": "This is how the samples were taken.\nThen they were frozen.\n",
}


@pytest.mark.parametrize("what", CONTENT)
def test_a_file_is_known_by_its_content_whatever_its_name(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.dat"
    path.write_text(CONTENT[what])
    (looked,) = look_at([path])
    assert looked.what == what


def test_references_stand_in_the_study(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = people({"control": 3, "case": 3}, ["V1", "V2"])
    write_sheet(raw / "sheet.csv", rows)
    names = [row["sample"] for row in rows]
    write_betas(raw / "betas.csv", names)
    write_counts(raw / "counts.tsv", names)
    for what in ("gene_sets", "mask", "gene_list", "network", "unknown"):
        (raw / f"{what}.txt").write_text(CONTENT[what])
    written = init_study([raw], tmp_path / "study.yml")
    reference = load_study(written.path).reference
    assert [p.name for p in reference.gene_sets] == ["gene_sets.txt"]
    assert [p.name for p in reference.masks] == ["mask.txt"]
    assert {name: p.name for name, p in reference.gene_lists.items()} == {
        "gene list": "gene_list.txt"
    }
    assert reference.network is not None
    assert [(p.name, why) for p, why in written.proposal.left_out] == [
        ("unknown.txt", "lines of text")
    ]


def test_many_files_of_one_sample_become_a_pattern(tmp_path: Path) -> None:
    paths = [tmp_path / "quant" / f"S{i}" / "quant.sf" for i in range(5)]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.touch()
    assert pattern_of(paths) == str(tmp_path / "quant" / "*" / "quant.sf")
    (tmp_path / "quant" / "other").mkdir()
    (tmp_path / "quant" / "other" / "quant.sf").touch()
    assert pattern_of(paths) == str(tmp_path / "quant" / "S*" / "quant.sf")
    assert pattern_of(paths[:2]) is None
