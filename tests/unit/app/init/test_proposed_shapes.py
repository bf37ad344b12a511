"""Ten shapes of sheets: the roles that init finds, and that `check` runs on its study.yml."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cohortmart.app.init.command import Written, init_study
from cohortmart.app.study_file import load_study
from tests.support.init_files import (
    people,
    write_betas,
    write_counts,
    write_long,
    write_sheet,
    write_workbook,
)

TWO = {"placebo": 4, "drug": 4}


def names(rows: list[dict[str, object]], column: str = "sample") -> list[object]:
    return [row[column] for row in rows]


def made(tmp_path: Path) -> Written:
    written = init_study([tmp_path / "raw"], tmp_path / "study.yml")
    assert not written.check.faulty
    return written


def roles(written: Written, sheet: int = 0) -> dict[str, str]:
    return dict(written.proposal.sheets[sheet].roles)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


ROLES = {"sample": "sample", "subject": "patient", "group": "arm", "timepoint": "visit"}


def test_semicolons_and_weeks_in_words(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["week 12", "baseline", "week 4"])
    write_sheet(raw / "sheet.csv", rows, ";")
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == ROLES
    study = load_study(written.path)
    assert study.timepoints == ("baseline", "week 4", "week 12")
    assert study.groups == ("placebo", "drug")
    assert written.open == ()
    analysis = study.analyses["rna"]
    assert (analysis.values, analysis.filter) == ("voom", "filter_by_expr")
    assert (analysis.model.means, analysis.model.block) == (("group", "timepoint"), "subject")
    assert set(analysis.contrasts) == {"time_within_group", "group_within_time", "interaction"}


def test_a_workbook_with_samples_and_people(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["pre", "post"])
    ages = np.random.default_rng(0).integers(20, 60, 8)
    of_people = {r["patient"]: {"patient": r["patient"], "arm": r["arm"]} for r in rows}
    persons = [p | {"age": int(a)} for p, a in zip(of_people.values(), ages, strict=True)]
    samples = [{k: r[k] for k in ("sample", "patient", "visit")} for r in rows]
    write_workbook(raw / "study.xlsx", {"Samples": samples, "People": persons})
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == {"sample": "sample", "subject": "patient", "timepoint": "visit"}
    assert roles(written, 1) == {"subject": "patient", "group": "arm"}
    study = load_study(written.path)
    assert [s.sheet for s in study.samples] == ["Samples", "People"]
    assert study.samples[1].covariates == ("age",)
    assert study.timepoints == ("pre", "post")


def test_a_tsv_with_a_byte_order_mark_and_weeks_as_numbers(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, [12, 0, 4])
    write_sheet(raw / "sheet.tsv", rows, "\t", bom=True)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == ROLES
    assert load_study(written.path).timepoints == ("0", "4", "12")


def test_german_decimal_commas(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"])
    sheet = [row | {"bmi": f"{20 + i / 10:.1f}".replace(".", ",")} for i, row in enumerate(rows)]
    write_sheet(raw / "sheet.csv", sheet, ";")
    measures = [
        {"sample": n, "crp": f"{i},25", "il6": f"{2 * i + 1},5"} for i, n in enumerate(names(rows))
    ]
    write_sheet(raw / "measures.csv", measures, ";")
    written = made(tmp_path)
    assert roles(written) == ROLES
    study = load_study(written.path)
    assert study.assays["measures"].kind == "continuous"
    assert study.analyses["measures"].values == "measured"
    assert ("bmi", "comma") in [
        (name, "comma" if "comma" in why else why)
        for name, why in written.proposal.sheets[0].variables.left_out
    ]


def test_dates_as_timepoints(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["2024-03-01", "2024-01-15"])
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert load_study(written.path).timepoints == ("2024-01-15", "2024-03-01")


def test_no_group(tmp_path: Path, raw: Path) -> None:
    rows = people({"all": 6}, ["day 0", "day 7", "day 28"])
    sheet = [{k: v for k, v in row.items() if k != "arm"} for row in rows]
    write_sheet(raw / "sheet.csv", sheet)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == {"sample": "sample", "subject": "patient", "timepoint": "visit"}
    analysis = load_study(written.path).analyses["rna"]
    assert analysis.model.means == ("timepoint",)
    assert dict(analysis.contrasts) == {"time_within_group": "all"}


def test_one_visit(tmp_path: Path, raw: Path) -> None:
    rows = people({"case": 5, "control": 5}, ["once"])
    sheet = [{k: v for k, v in row.items() if k != "visit"} for row in rows]
    write_sheet(raw / "sheet.csv", sheet)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == {"sample": "sample", "subject": "patient", "group": "arm"}
    study = load_study(written.path)
    assert study.groups == ("control", "case")
    analysis = study.analyses["rna"]
    assert (analysis.model.means, analysis.model.block) == (("group",), None)
    assert dict(analysis.contrasts) == {"group_within_time": "all"}


def test_cell_types_in_a_column_are_analysed_one_by_one(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"], ["CD4", "CD8"])
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == ROLES | {"cell_type": "cell_type"}
    study = load_study(written.path)
    assert {n: a.where for n, a in study.analyses.items()} == {
        "rna_CD4": "cell_type = 'CD4'",
        "rna_CD8": "cell_type = 'CD8'",
    }


def test_an_ending_in_the_matrix(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"])
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", [f"{n}_R1.bam" for n in names(rows)])
    written = made(tmp_path)
    assert load_study(written.path).assays["rna"].read.strip_suffix == "_R1.bam"


def test_two_assays_with_names_of_their_own(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"])
    sheet = [row | {"array": f"A{i:03d}"} for i, row in enumerate(rows)]
    write_sheet(raw / "sheet.csv", sheet)
    write_counts(raw / "counts.tsv", names(rows))
    write_betas(raw / "betas.csv", names(sheet, "array"))
    written = made(tmp_path)
    study = load_study(written.path)
    assert study.samples[0].sample == "sample"
    assert (study.assays["rna"].sample, study.assays["methylation"].sample) == (None, "array")
    assert study.analyses["methylation"].values == "m_value"


def test_a_cross_over(tmp_path: Path, raw: Path) -> None:
    orders = (("placebo", "drug"), ("drug", "placebo"))
    rows = [
        {"sample": f"S{2 * i + j}", "person": f"P{i}", "treatment": orders[i % 2][j],
         "period": f"period {j + 1}"}
        for i in range(10)
        for j in range(2)
    ]  # fmt: skip
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    wanted = {"sample": "sample", "subject": "person", "group": "treatment", "timepoint": "period"}
    assert roles(written) == wanted
    assert load_study(written.path).groups == ("placebo", "drug")
    assert "changes within people" in written.proposal.sheets[0].why["group"]


def test_technical_replicates(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"])
    sheet = [
        {"run": f"{row['sample']}_L{lane}", "library": row["sample"], **row, "lane": lane}
        for row in rows
        for lane in (1, 2)
    ]
    sheet = [{k: v for k, v in row.items() if k != "sample"} for row in sheet]
    write_sheet(raw / "sheet.csv", sheet)
    write_counts(raw / "counts.tsv", names(sheet, "run"))
    written = made(tmp_path)
    assert roles(written) == ROLES | {"sample": "run", "library": "library"}


def test_proteins_in_long_format_beside_counts(tmp_path: Path, raw: Path) -> None:
    rows = people(TWO, ["V1", "V2"])
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    write_long(raw / "proteins.csv", names(rows))
    written = made(tmp_path)
    kinds = {name: assay.kind for name, assay in load_study(written.path).assays.items()}
    assert kinds == {"rna": "counts", "proteins": "continuous"}


def test_tumour_and_benign_tissue_of_the_same_people(tmp_path: Path, raw: Path) -> None:
    rows = [
        {"sample": f"S{i}", "patient": f"P{i // 2}", "tissue": tissue, "group": tissue}
        for i, tissue in enumerate(["tumour", "benign"] * 5)
    ]
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    assert roles(written) == {"sample": "sample", "subject": "patient", "group": "group"}
    study = load_study(written.path)
    assert study.groups == ("benign", "tumour")
    assert (study.analyses["rna"].model.means, study.analyses["rna"].model.block) == (
        ("group",),
        "subject",
    )


def test_two_treatments_of_the_cells_of_one_person_at_one_time(tmp_path: Path, raw: Path) -> None:
    rows = [
        {"sample": f"S{d}_{h}_{c}", "donor": f"D{d}", "time_h": h, "condition": c}
        for d in range(4)
        for h in (6, 24)
        for c in ("act", "ctr")
    ]
    write_sheet(raw / "sheet.csv", rows)
    write_counts(raw / "counts.tsv", names(rows))
    written = made(tmp_path)
    study = load_study(written.path)
    assert (study.samples[0].group, study.visit_key) == ("condition", ("condition",))
    assert study.groups == ("ctr", "act")
    assert study.timepoints == ("6", "24")
    (analysis,) = study.analyses.values()
    assert analysis.where is None
    assert analysis.model.means == ("group", "timepoint")
