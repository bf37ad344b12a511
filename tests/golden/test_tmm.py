"""TMM factors and log-CPM of macros/tmm.sql against edgeR's own numbers."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import polars as pl
import pytest

from tests.support.paths import ROOT

TMM = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(
    (ROOT / "macros" / "tmm.sql").read_text(encoding="utf-8")
)


def normalise(
    long: pl.DataFrame, threads: int = 2, name: str = "counts"
) -> duckdb.DuckDBPyConnection:
    """Connection with the tables `factors` and `expression`, made by the project's SQL."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": "1GB"})
    con.register("given", long.to_arrow())
    con.execute(f"create table {name} as select * from given")
    con.execute(f"create table factors as {TMM.module.tmm_factors(name)}")
    con.execute(f"create table expression as {TMM.module.log_cpm(name, 'factors')}")
    return con


def long_table(matrix: np.ndarray, features: list[str], samples: list[str]) -> pl.DataFrame:
    """Turn a matrix of shape (features, samples) into the long table that the macros read."""
    return pl.DataFrame(
        {
            "assay": ["rna"] * matrix.size,
            "feature_id": np.repeat(features, len(samples)),
            "sample_id": samples * len(features),
            "count": matrix.ravel().astype(float),
        }
    )


def made_up(matrix: np.ndarray) -> pl.DataFrame:
    features = [f"g{i:04d}" for i in range(matrix.shape[0])]
    return long_table(matrix, features, [f"s{j:02d}" for j in range(matrix.shape[1])])


def column(con: duckdb.DuckDBPyConnection, query: str) -> np.ndarray:
    return np.array([row[0] for row in con.sql(query).fetchall()], dtype=float)


def norm_factors(con: duckdb.DuckDBPyConnection) -> np.ndarray:
    return column(con, "select norm_factor from factors order by sample_id")


def gz_rows(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(text.decode().splitlines()))


@pytest.fixture(scope="module")
def cd8_long(shared_data: Path) -> pl.DataFrame:
    wide = pl.read_csv(shared_data / "grams_cd8_rna" / "gene_counts.tsv.gz", separator="\t")
    return wide.unpivot(index="gene_name", variable_name="sample_id", value_name="count").select(
        pl.lit("rna").alias("assay"),
        pl.col("gene_name").alias("feature_id"),
        "sample_id",
        pl.col("count").cast(pl.Float64),
    )


@pytest.fixture(scope="module")
def cd8(cd8_long: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    return normalise(cd8_long)


def test_factors_of_the_real_study(cd8: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    expected = gz_rows(shared_data / "grams_cd8_rna" / "expected" / "tmm.csv.gz")
    found = cd8.sql("select sample_id, norm_factor, lib_size from factors").fetchall()
    found_by_sample = {sample: numbers for sample, *numbers in found}
    assert len(found) == len(expected) == 84
    for row in expected:
        numbers = [float(row["norm_factor"]), float(row["lib_size"])]
        assert found_by_sample[row["feature_id"]] == pytest.approx(numbers, rel=1e-9, abs=0)


def test_same_bytes_whatever_the_row_order_and_the_threads(
    cd8_long: pl.DataFrame,
) -> None:
    some = cd8_long.filter(pl.col("feature_id") < "C")
    ordered = normalise(some)
    shuffled = normalise(some.sample(fraction=1, shuffle=True, seed=5), threads=1)
    for query in (
        "select lib_size from factors order by sample_id",
        "select norm_factor from factors order by sample_id",
        "select log2_cpm from expression order by feature_id, sample_id",
    ):
        assert column(ordered, query).tobytes() == column(shuffled, query).tobytes()


def test_filtered_genes_of_the_t_cell_study(shared_data: Path) -> None:
    folder = shared_data / "rnaseq_tcells"
    kept = {
        r["gene"] for r in gz_rows(folder / "expected" / "filterByExpr.csv.gz") if r["kept"] == "1"
    }
    wide = pl.read_csv(folder / "counts.csv.gz").filter(pl.col("gene").is_in(list(kept)))
    samples = wide.columns[1:]
    con = normalise(long_table(wide.select(samples).to_numpy(), wide["gene"].to_list(), samples))

    expected = gz_rows(folder / "expected" / "norm_factors.csv")
    found = {
        s: (n, f)
        for s, n, f in con.sql("select sample_id, lib_size, norm_factor from factors").fetchall()
    }
    assert len(found) == len(expected) == 44
    for row in expected:  # written with 8 significant digits
        lib_size, factor = found[row["sample"]]
        assert lib_size == float(row["lib_size_after_filter"])
        assert factor == pytest.approx(float(row["tmm_norm_factor"]), rel=1e-7)

    log_cpm = pl.read_csv(folder / "expected" / "logcpm_prior2_first6_samples.csv.gz").sort("gene")
    for sample in log_cpm.columns[1:]:
        con.execute("set variable sample = $1", [sample])
        mine = column(
            con,
            "select log2_cpm from expression"
            " where sample_id = getvariable('sample') order by feature_id",
        )
        np.testing.assert_allclose(mine, log_cpm[sample].to_numpy(), rtol=2e-8, atol=1e-8)


def pattern(n_genes: int, n_samples: int, power: int) -> np.ndarray:
    """Whole numbers 0 to 96 that R makes with the same formula."""
    i = np.arange(1, n_genes + 1)[:, None]
    j = np.arange(1, n_samples + 1)[None, :]
    return (i * i * 7 + j * 13 * i + 5 * j**power) % 97


#: edgeR 3.40.2: calcNormFactors(m), cpm(log = TRUE)[1:3, ] and cpm()[1:3, ] of the matrix below
TIED_FACTORS = [
    1.007604524817151,
    0.92101977743244345,
    1.0347943962851744,
    1.0256377991531704,
    1.0152964052200246,
]
TIED_LOG_CPM = [
    [11.126967176969, 11.851940709308, 12.5844169415544, 11.6492879738513, 9.45950724197132],
    [12.1622337743637, 9.43241102446163, 11.9114369027141, 10.7042283469624, 12.6094352025156],
    [10.22993074131, 13.0022562631736, 11.2460765092302, 10.0016462950373, 12.6534146803372],
]
TIED_CPM = [
    [1727.56730876436, 3189.14374762971, 5636.82935143221, 2704.2282785423, 193.630547115605],
    [4077.05884868388, 180.51757062055, 3344.93170304768, 1158.95497651813, 5744.37289776296],
    [691.026923505743, 7702.08301314346, 1920.23857026811, 515.091100674723, 5938.00344487857],
]


def tied_matrix() -> np.ndarray:
    """Decimals, zeros and many equal ratios."""
    i, j = np.arange(1, 301)[:, None], np.arange(1, 6)[None, :]
    return pattern(300, 5, power=2) / 4 * (1 + (j == 2) * (i % 3 == 0))


def test_ties_zeros_and_decimals() -> None:
    con = normalise(made_up(tied_matrix()))
    np.testing.assert_allclose(norm_factors(con), TIED_FACTORS, rtol=1e-12)
    first = "from expression where feature_id < 'g0003' order by feature_id, sample_id"
    np.testing.assert_allclose(
        column(con, f"select log2_cpm {first}"), np.ravel(TIED_LOG_CPM), rtol=1e-12
    )
    np.testing.assert_allclose(column(con, f"select cpm {first}"), np.ravel(TIED_CPM), rtol=1e-12)


def test_two_samples_are_equally_near_the_mean() -> None:
    con = normalise(made_up(tied_matrix()[:, [1, 3]]))
    # edgeR 3.40.2, same columns
    np.testing.assert_allclose(
        norm_factors(con), [0.93648048903442238, 1.06782790641059799], rtol=1e-12
    )


def test_sparse_counts_take_the_reference_with_most_roots() -> None:
    x = pattern(400, 10, power=3)
    i, j = np.arange(1, 401)[:, None], np.arange(1, 11)[None, :]
    con = normalise(made_up(np.where(x > 85, x - 85 + (i * j) % 5, 0)))
    edger = [  # 3.40.2; all upper quartiles are zero
        1.484137086349642, 3.439312325327017, 2.927605987456269, 0.874472657335207,
        0.906113520249497, 0.549435088657621, 1.108866044117228, 0.549435088657621,
        0.330343129672448, 0.763722785655166,
    ]  # fmt: skip
    np.testing.assert_allclose(norm_factors(con), edger, rtol=1e-12)


def test_genes_without_any_count_change_nothing() -> None:
    padded = np.vstack([tied_matrix(), np.zeros((200, 5))])
    np.testing.assert_allclose(norm_factors(normalise(made_up(padded))), TIED_FACTORS, rtol=1e-12)


def test_differences_below_a_millionth_are_rounding() -> None:
    def factors(difference: float) -> list[float]:
        up, down = 1 + difference, 1 - difference
        matrix = np.column_stack([np.full(10, 1000.0), 1000.0 * np.array([up] * 7 + [down] * 3)])
        return norm_factors(normalise(made_up(matrix))).tolist()

    assert factors(2e-7) == [1.0, 1.0]
    assert abs(factors(2e-2)[1] - 1) > 1e-3


def test_each_assay_is_normalised_by_itself() -> None:
    one = made_up(tied_matrix())
    other = one.with_columns(
        pl.lit("rna2").alias("assay"), (pl.col("count") * 3 + 1).alias("count")
    )
    alone, both = normalise(one), normalise(pl.concat([one, other]))
    query = "select {} from {} where assay = 'rna' order by all"
    for columns, table in (("sample_id, norm_factor", "factors"), ("*", "expression")):
        asked = query.format(columns, table)
        assert alone.sql(asked).fetchall() == both.sql(asked).fetchall()


def test_samples_with_nothing_to_compare_have_factor_one() -> None:
    empty = normalise(made_up(np.array([[5.0, 0.0], [3.0, 0.0]])))
    assert norm_factors(empty).tolist() == [1.0, 1.0]
    assert empty.sql("select cpm, log2_cpm from expression where sample_id = 's01'").fetchall() == [
        (None, None),
        (None, None),
    ]
    assert norm_factors(normalise(made_up(np.array([[5.0, 0.0], [0.0, 3.0]])))).tolist() == [
        1.0,
        1.0,
    ]
    assert norm_factors(normalise(made_up(np.array([[5.0, 4.0]])))).tolist() == [1.0, 1.0]
    assert norm_factors(normalise(made_up(np.array([[5.0], [4.0]])))).tolist() == [1.0]


def test_counts_may_be_called_anything() -> None:
    con = normalise(made_up(tied_matrix()), name="own_counts")
    np.testing.assert_allclose(norm_factors(con), TIED_FACTORS, rtol=1e-12)
