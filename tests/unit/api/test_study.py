"""A study, opened: its tables, its contrasts and features, a rebuilt warehouse, faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cohortmart
from tests.support.small_warehouse import HOSTILE, write_warehouse


@pytest.fixture
def study(tmp_path: Path) -> Iterator[cohortmart.Study]:
    with cohortmart.open(write_warehouse(tmp_path)) as study:
        yield study


def test_tables_and_columns_have_descriptions(study: cohortmart.Study) -> None:
    tables = study.tables()
    rows = {name: (about, rows) for name, about, rows in tables.iter_rows()}
    assert rows["dim_sample"] == ("One row per sample.", 3)
    assert rows["sampled"] == (None, None)
    assert "stg_lake__assays" not in rows
    assert study.describe("dim_sample").rows()[1] == (
        "subject_id", "VARCHAR", "Whose sample it is.",
    )  # fmt: skip
    with pytest.raises(cohortmart.InputError, match="did you mean `dim_sample`"):
        study.describe("dim_smaple")


def test_it_says_in_short_what_it_is(study: cohortmart.Study, tmp_path: Path) -> None:
    lines = repr(study).splitlines()
    assert lines[0] == f"study {tmp_path.name} in {tmp_path}"
    assert lines[1] == "2 people, 2 timepoints, 3 samples"
    assert "rna (counts, 3 samples)" in lines[2]
    assert lines[3] == "analyses: one"
    assert "rna (counts, 3 samples)" in study._repr_html_()


def test_a_contrast_is_sorted_and_named(study: cohortmart.Study) -> None:
    rows = study.contrast("one", "b - a").pl()
    assert rows.select("feature_id", "feature_name", "is_found", "p_value").rows() == [
        ("ENSG2", "CD69", True, 0.001), ("ENSG1", "IL7R", False, 0.2), ("ENSG3", None, None, None),
    ]  # fmt: skip
    listed = study.contrasts().rows(named=True)
    assert [(r["analysis"], r["contrast"], r["meaning"], r["n_found"]) for r in listed] == [
        ("one", "b - a", "a change", 1)
    ]
    for ask, hint in (
        (lambda: study.contrast("onne", "b - a"), "did you mean `one`"),
        (lambda: study.contrast("one", "b-a"), "did you mean `b - a`"),
        (lambda: study.contrasts("ones"), "did you mean `one`"),
    ):
        with pytest.raises(cohortmart.InputError, match=hint):
            ask()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(tmp_path: Path, name: str) -> None:
    with cohortmart.open(write_warehouse(tmp_path, (name,))) as study:
        assert study.contrast("one", name).pl().height == 3
        gene = study.gene(name)
        assert gene.name == name
        assert gene.gene_ids == (f"h{HOSTILE.index(name)}",)
        assert gene.probes.pl().height == 0
        assert study.feature(name).feature_id == gene.gene_ids[0]
        with pytest.raises(cohortmart.InputError):
            study.describe(name)
        assert study.tables().height > 5


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_is_a_gene_or_a_plain_error(tmp_path_factory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any_text"
    if not folder.exists():
        write_warehouse(folder)
    with cohortmart.open(folder) as study:
        try:
            gene = study.gene(text)
        except cohortmart.InputError as error:
            said = str(error)
        else:
            said = text if gene.gene_ids or gene.name else ""
        assert text in said


@pytest.mark.parametrize(
    ("word", "name", "ids"),
    [
        ("IL7R", "IL7R", ("ENSG1",)),
        ("ENSG1", "IL7R", ("ENSG1",)),
        ("CD127", "IL7R", ("ENSG1",)),
        ("il7r", "IL7R", ("ENSG1",)),
        ("SEPT2", "SEPTIN2", ("ENSG6",)),
        ("ENSG3", None, ("ENSG3",)),
        ("TWIN", "TWIN", ("ENSG4", "ENSG5")),
        ("ONLYCG", "ONLYCG", ()),
        ("ABC", "ABC", ("ENSG7",)),
        ("Abc", "Abc", ("ENSG8",)),
    ],
)
def test_a_gene_goes_by_many_names(
    study: cohortmart.Study, word: str, name: str | None, ids: tuple[str, ...]
) -> None:
    gene = study.gene(word)
    assert (gene.name, gene.gene_ids) == (name, ids)


def test_a_gene_has_its_cpgs_and_its_results(study: cohortmart.Study) -> None:
    gene = study.gene("IL7R")
    assert gene.probes.pl()["probe_id"].to_list() == ["cg1", "cg2"]
    assert gene.contrasts.pl().select("analysis", "feature_id", "p_value").rows() == [
        ("one", "ENSG1", 0.2)
    ]
    assert repr(gene).startswith("gene IL7R (ENSG1): expression")


def test_names_that_mean_nothing_or_too_much(study: cohortmart.Study) -> None:
    for ask, said in (
        (lambda: study.gene("IL7RR"), "did you mean `IL7R`"),
        (lambda: study.gene("AIM"), "means more than one gene"),
        (lambda: study.gene("abc"), "found:    ABC, Abc"),
        (lambda: study.feature("IL7R"), "means 5 features"),
        (lambda: study.feature("Interleukin"), "P1 of prot; P1 of prot 2"),
        (lambda: study.feature("cg9"), "did you mean `cg1`"),
        (lambda: study.feature("cg1", "met"), "did you mean `meth`"),
    ):
        with pytest.raises(cohortmart.InputError) as caught:
            ask()
        assert said in str(caught.value)
    assert repr(study.feature("Interleukin", "prot 2")).startswith("measure P1 of prot 2")
    assert study.feature("cg1").genes.pl().rows() == [("IL7R", "TSS200")]
    assert study.feature("P1", "prot").genes.pl().rows() == [("IL7R",)]
    assert study.feature("Abc", "rna").feature_id == "ENSG8"
    assert study.feature("IL7R", "rna").contrasts.pl().height == 1


def test_a_rebuilt_warehouse_answers_and_a_closed_study_does_not(tmp_path: Path) -> None:
    study = cohortmart.open(write_warehouse(tmp_path))
    relation = study.sql("select count(*) as n from dim_sample")
    kept, stream = relation.pl(), study.sql("from dim_sample").batches(1)
    next(stream)
    new = tmp_path / "new.duckdb"
    with duckdb.connect(str(new)) as con:
        con.execute("create table dim_sample as select 's9' as sample_id")
    new.replace(study.folder / "warehouse.duckdb")
    assert relation.pl().row(0) == (1,)
    assert kept.row(0) == (3,)
    assert sum(batch.num_rows for batch in stream) == 2  # the old tables, to their end
    study.close()
    study.close()
    with pytest.raises(cohortmart.InputError, match="was closed"):
        relation.pl()
    (tmp_path / "warehouse.duckdb").unlink()
    with pytest.raises(cohortmart.InputError, match="there is no warehouse here yet"):
        cohortmart.open(tmp_path)
