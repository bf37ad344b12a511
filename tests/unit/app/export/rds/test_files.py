"""RDS files of a study hold what its tables hold, read by another reader and by R."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohortmart.app.export.pipeline import export_study
from tests.support.export_warehouse import (
    BETAS,
    CONTRASTS,
    COUNTS,
    GENES,
    NAMES,
    export_warehouse,
    features_of,
    log2_cpm,
    result,
)
from tests.support.r_values import attributes, frame, named, plain, r_says, read_rds, strings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = export_warehouse(tmp_path_factory.mktemp("study") / "out")
    export_study(home, "rds")
    return home.exports / "rds"


def matrix(obj: Any) -> list[list[float | None]]:
    """Rows of a matrix of R, which keeps columns."""
    n_rows, n_columns = plain(attributes(obj)["dim"])
    values = plain(obj)
    return [[values[j * n_rows + i] for j in range(n_columns)] for i in range(n_rows)]


def assays_of(experiment: Any) -> dict[str, Any]:
    of_list = attributes(attributes(attributes(experiment)["assays"])["data"])
    return named(of_list["listData"])


def test_an_assay_is_a_summarized_experiment(folder: Path) -> None:
    slots = attributes(read_rds(folder / "rna.rds"))
    assert strings(slots["class"]) == ["SummarizedExperiment"]
    assert strings(attributes(slots["class"])["package"]) == ["SummarizedExperiment"]
    assays = assays_of(read_rds(folder / "rna.rds"))
    assert list(assays) == ["counts", "log2_cpm"]
    assert matrix(assays["counts"]) == COUNTS
    assert matrix(assays["log2_cpm"]) == [[log2_cpm(i, j) for j in range(3)] for i in range(4)]
    assert strings(slots["NAMES"]) == GENES
    assert frame(slots["elementMetadata"]) == {
        "gene_id": GENES, "gene_name": NAMES,
        "start_position": [2.0**40, 2.0**40, None, 2.0**40],
    }  # fmt: skip
    assert strings(attributes(slots["colData"])["rownames"]) == ["S1", "S2", "S3"]
    columns = frame(slots["colData"])
    assert columns["subject_id"] == ["anna", "anna", "béla"]
    assert columns["age"] == [31.5, 31.0, None]
    assert columns["batch"] == ["b", "a", None]
    levels = {
        name: strings(attributes(column)["levels"])
        for name, column in named(attributes(slots["colData"])["listData"]).items()
        if "levels" in attributes(column)
    }
    assert levels == {
        "study_group": ["MS", "HP"], "timepoint": ["1st", "PP", "10th"], "batch": ["a", "b"],
    }  # fmt: skip
    assert {n: plain(v) for n, v in named(slots["metadata"]).items()} == {
        "study": ["small"], "assay": ["rna"], "cohortmart_version": ["0.1.0"],
    }  # fmt: skip


def test_missing_betas_are_na_and_dropped_probes_are_gone(folder: Path) -> None:
    experiment = read_rds(folder / "methylation.rds")
    assays = assays_of(experiment)
    assert matrix(assays["beta"]) == BETAS[:2]
    assert matrix(assays["m_value"])[0][1] is None
    rows = frame(attributes(experiment)["elementMetadata"])
    assert (rows["probe_id"], rows["gene_name"]) == (["cg1", "cg2"], ["ABC;SEPT2", None])
    assert plain(assays_of(read_rds(folder / "proteins.rds"))["transformed"]) == [0.1, None]


def test_contrasts_are_a_list_of_data_frames(folder: Path) -> None:
    tables = named(read_rds(folder / "contrasts.rds"))
    assert list(tables) == [f"{a}/{name}" for a, _, made in CONTRASTS for name, _ in made]
    for analysis, assay, made in CONTRASTS:
        for i, (name, _) in enumerate(made):
            columns = frame(tables[f"{analysis}/{name}"])
            assert columns["feature_id"] == features_of(assay)
            rows = [result(i, k) for k in range(len(features_of(assay)))]
            for statistic in set(rows[0]) - ({"delta_beta"} if assay != "methylation" else set()):
                assert columns[statistic] == [row[statistic] for row in rows]
            assert ("delta_beta" in columns) == (assay == "methylation")
    of_genes = frame(tables["rna_all/MS_PP-1st"])
    assert of_genes["gene_name"] == NAMES[:3]
    assert of_genes["is_found"] == [False, False, True]
    assert frame(tables["betas/MS:PP"])["is_found"] == [False, True]
    assert frame(tables["npx/MS_PP-1st"])["gene_name"] == ["IL6"]


def test_blocks_make_no_difference(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("cohortmart.app.export.assays.BLOCK_VALUES", 3)
    monkeypatch.setattr("cohortmart.app.export.rds.experiment._STEP", 5)
    home = export_warehouse(tmp_path / "out")
    export_study(home, "rds", tmp_path / "again")
    for name in ("rna", "methylation", "proteins", "contrasts"):
        assert (tmp_path / "again" / f"{name}.rds").read_bytes() == (
            folder / f"{name}.rds"
        ).read_bytes()


def test_r_takes_them_as_its_own(folder: Path) -> None:
    said = r_says(
        f"""
        suppressMessages(library(SummarizedExperiment))
        for (name in c("rna", "methylation", "proteins")) {{
            x <- readRDS(file.path("{folder}", paste0(name, ".rds")))
            validObject(x, complete = TRUE)
        }}
        x <- readRDS("{folder}/rna.rds")
        y <- SummarizedExperiment(
            lapply(c(counts = 1, log2_cpm = 2), function(i) assay(x, i, withDimnames = FALSE)),
            rowData = rowData(x), colData = colData(x), metadata = metadata(x))
        cat(identical(x, y), levels(x$timepoint), ncol(x[, x$study_group == "HP"]), "")
        cat(format(assay(x)["ENSG2", "S2"], digits = 17), is.na(x$age[3]), "")
        tables <- readRDS("{folder}/contrasts.rds")
        cat(tables[["rna_all/MS_PP-1st"]]$gene_name[2], class(tables[[1]]))
        """,
        package="SummarizedExperiment",
    )
    assert said.split() == [
        "TRUE", "1st", "PP", "10th", "2", "1.0000000000000001e+300", "TRUE", "SEPT2", "data.frame",
    ]  # fmt: skip


def test_values_are_exact_where_a_block_ends(folder: Path) -> None:
    assays = assays_of(read_rds(folder / "rna.rds"))
    flat = np.asarray(assays["counts"].value)
    assert flat.tobytes() == np.array(COUNTS).T.astype(flat.dtype).tobytes()
