"""What the analyses compute on is what SQL shows: one truth, two doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from analyses.load.normalised_counts import normalised_counts
from analyses.load.samples import chosen_samples
from analyses.load.streamed import KeptBetas
from analyses.stats.methylation.m_value import m_value
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.warehouse.home import Home, connect_read_only


@pytest.fixture(scope="module")
def study(demo_run: Path) -> Study:
    return load_study(demo_run / "raw" / "study.yml")


@pytest.fixture(scope="module")
def con(demo_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = connect_read_only(Home(demo_run))
    yield con
    con.close()


def of_sql(con: duckdb.DuckDBPyConnection, query: str) -> np.ndarray:
    return con.cursor().sql(query).to_arrow_table().column(0).to_numpy(zero_copy_only=False)


def everything(study: Study, name: str, **changes: object) -> Analysis:
    return study.analyses[name].model_copy(update={"where": None, **changes})


def test_m_values(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    samples = chosen_samples(con, "m", everything(study, "methylation_cd4"))
    ids = samples["sample_id"].to_list()
    betas = np.vstack([values for _, values in KeptBetas(con, "methylation", ids).blocks()])
    ours = m_value(betas, study.assays["methylation"].m_value_clip)
    sql = of_sql(con, "select m_value from fct_probe_methylation order by probe_id, sample_id")
    np.testing.assert_allclose(ours.ravel(), sql, rtol=1e-13, atol=1e-13)
    beta = of_sql(con, "select beta from fct_probe_methylation order by probe_id, sample_id")
    np.testing.assert_array_equal(betas.ravel(), beta)
    assert np.isnan(beta).sum() > 100


def test_normalising_over_all_samples_again_changes_nothing(
    con: duckdb.DuckDBPyConnection, study: Study
) -> None:
    analysis = everything(study, "rna_cd4")
    ids = chosen_samples(con, "r", analysis)["sample_id"].to_list()
    from_warehouse = normalised_counts(con, "r", analysis, ids, None)
    again = analysis.model_copy(update={"normalisation_samples": "selected"})
    computed = normalised_counts(con, "r", again, ids, None)
    np.testing.assert_array_equal(from_warehouse.log2_cpm, computed.log2_cpm)
    np.testing.assert_array_equal(from_warehouse.effective_library, computed.effective_library)
    sql = of_sql(con, "select log2_cpm from fct_gene_expression order by gene_id, sample_id")
    np.testing.assert_array_equal(from_warehouse.log2_cpm.ravel(), sql)


def test_own_samples_and_a_filter_change_factors_and_genes(
    con: duckdb.DuckDBPyConnection, study: Study
) -> None:
    analysis = study.analyses["rna_cd8"].model_copy(
        update={"normalisation_samples": "selected", "filter": "filter_by_expr"}
    )
    ids = chosen_samples(con, "r", analysis)["sample_id"].to_list()
    filtered = normalised_counts(con, "r", analysis, ids, None)
    n = len(filtered.feature_ids)
    assert 1000 < n < 3000
    assert filtered.counts.shape == filtered.log2_cpm.shape == (n, len(ids))
    # edgeR: library sizes are those of the kept genes, and the factors' geometric mean is 1
    factors = filtered.effective_library / filtered.counts.sum(axis=0)
    assert np.exp(np.log(factors).mean()) == pytest.approx(1, abs=1e-12)
    assert factors.std() > 0.001


def test_samples_without_the_assay_are_not_chosen(
    con: duckdb.DuckDBPyConnection, study: Study
) -> None:
    samples = chosen_samples(con, "r", everything(study, "rna_cd4"))
    in_sheet = con.execute("select count(*) from dim_sample").fetchone()
    assert samples.height == 144 < in_sheet[0]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("no_such_column = 1", "cannot be evaluated"),
        ("cell_type = 'CD19'", "no sample of assay rna is chosen"),
        ("cell_type = ", "cannot be evaluated"),
        ("cell_type = $1 or true", "more than a condition"),
        ("true); select (1", "more than a condition"),
        ("1 in (with a as (copy dim_sample to 'x.csv') select 1)", "more than a condition"),
    ],
)
def test_a_condition_that_does_not_work(
    con: duckdb.DuckDBPyConnection, study: Study, where: str, said: str
) -> None:
    with pytest.raises(AnalysisError, match=said):
        chosen_samples(con, "r", everything(study, "rna_cd4", where=where))


def test_a_comment_in_the_condition_ends_with_it(
    con: duckdb.DuckDBPyConnection, study: Study
) -> None:
    analysis = everything(study, "rna_cd4", where="cell_type = 'CD4' -- helper cells")
    assert set(chosen_samples(con, "r", analysis)["cell_type"]) == {"CD4"}
