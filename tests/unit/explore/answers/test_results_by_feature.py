"""Results by feature: by the number of the row the same as looked for by id."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.results import POSITIONS, VALUES, layouts, results_of
from cohortmart.explore.answers.results.positions import contrasts_in
from tests.support.export_warehouse import export_warehouse
from tests.support.result_files import (
    contrast_rows,
    rewritten,
    tables_of_results,
    write_results,
)

FEATURES = [f"cg{i:05d}" for i in range(5_000)]
CONTRASTS = ("MS_PP-1st", "HP_PP-1st", "anna_PP/1st")


def folder(root: Path) -> Home:
    """Two analyses with the same features, one with others."""
    home = export_warehouse(root)
    write_results(
        home,
        {
            "rna_all": [contrast_rows("rna_all", c, FEATURES, k) for k, c in enumerate(CONTRASTS)],
            "betas": [contrast_rows("betas", "MS:PP", FEATURES, 9)],
            "npx": [contrast_rows("npx", "MS_PP-1st", ["O'a", "b"], 3)],
        },
    )
    with duckdb.connect(str(home.warehouse)) as con:
        tables_of_results(home, con)
        con.execute("insert into dim_contrast (analysis, contrast, n_subjects) "
                    "values ('rna_all', 'HP_PP-1st', 5)")  # fmt: skip
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return folder(tmp_path_factory.mktemp("results") / "study")


def asked_for(explored: Explored, *given: object) -> tuple[pa.Table, list[str]]:
    with explored.asked() as asked:
        return results_of(explored, asked, *given), list(asked.questions)  # type: ignore[arg-type]


@pytest.mark.parametrize("contrasts", [None, ["HP_PP-1st", "none"], []])
def test_rows_are_those_of_the_plain_question(home: Home, contrasts: list[str] | None) -> None:
    explored = Explored(home)
    wanted = ["cg04999", "cg00000", "cg02500", "none", "x'; drop"]
    found, questions = asked_for(explored, "rna_all", wanted, list(VALUES), contrasts)
    assert len(questions) == 1
    assert "read_parquet" not in questions[0]
    with explored.cursor() as cursor:
        plain = cursor.sql(questions[0]).to_arrow_table()
    assert found.equals(plain)
    assert found.num_rows == 3 * (3 if contrasts is None else min(len(contrasts), 1))
    explored.close()


def test_analyses_with_the_same_features_share_their_positions(home: Home) -> None:
    explored = Explored(home)
    found = explored.kept("feature positions", layouts)
    assert found["rna_all"].contrasts == CONTRASTS
    assert found["rna_all"].number == found["betas"].number != found["npx"].number
    with explored.cursor() as cursor:
        rows = cursor.sql(f"select count(*), max(position) from {POSITIONS}").fetchall()
    assert rows == [(5_002, 4_999)]
    names, _ = asked_for(explored, "npx", ["O'a"], ["log_fc"])
    assert names["feature_id"].to_pylist() == ["O'a"]
    explored.close()


def test_pseudonymised_no_change_of_one_person_is_read(home: Home) -> None:
    explored = Explored(home, pseudonymise=True)
    found, _ = asked_for(explored, "rna_all", ["cg00001"], ["log_fc"])
    assert found["contrast"].to_pylist() == ["HP_PP-1st", "MS_PP-1st"]
    explored.close()


@pytest.mark.parametrize("order", ["feature_id, contrast", "contrast, hash(feature_id, contrast)"])
def test_other_orders_are_looked_through(tmp_path: Path, order: str) -> None:
    home = folder(tmp_path / "study")
    rewritten(home, "rna_all", order)
    explored = Explored(home)
    assert set(explored.kept("feature positions", layouts)) == {"betas", "npx"}
    found, questions = asked_for(explored, "rna_all", FEATURES[:3], ["se", "p_value"])
    assert found.num_rows == 9
    with explored.cursor() as cursor:
        assert found.equals(cursor.sql(questions[0]).to_arrow_table())
    explored.close()


def test_a_warehouse_without_its_files_is_asked_plainly(tmp_path: Path) -> None:
    explored = Explored(export_warehouse(tmp_path / "study"))
    assert explored.kept("feature positions", layouts) == {}
    found, _ = asked_for(explored, "betas", ["cg2"], ["log_fc"])
    assert found.num_rows == 1
    explored.close()


def groups(*rows: tuple[int, str | None, str | None, str | None, str | None]) -> pa.Table:
    names = ("n", "contrast", "last_contrast", "first_feature", "last_feature")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def test_contrasts_must_have_the_same_features() -> None:
    one = (5, "a", "a", "f1", "f5")
    assert contrasts_in(groups(one, (5, "b", "b", "f1", "f5"))) == (("a", "b"), 5)
    assert contrasts_in(groups(one, (4, "b", "b", "f1", "f5"))) is None
    assert contrasts_in(groups(one, (5, "b", "b", "f1", "f6"))) is None
    assert contrasts_in(groups(one, (5, "b", "c", "f1", "f5"))) is None
    assert contrasts_in(groups(one, (5, "b", "b", None, None))) is None
    assert contrasts_in(groups(one, (5, "b", "b", "f1", "f5"), one)) is None
    assert contrasts_in(groups()) is None


def test_results_of_contrasts_have_small_pages(tmp_path: Path) -> None:
    """Each page has a header: 8 pages of 16 kB take more bytes than one of 128 kB."""
    home, n = Home(tmp_path), 16_384
    values = np.random.default_rng(1).normal(size=n)
    write_results(
        home, {"a": [contrast_rows("a", "c", [f"f{i}" for i in range(n)], log_fc=values)]}
    )
    file = pq.ParquetFile(home.results / read_current(home.results)[0].path)
    group = file.metadata.row_group(0)
    size = next(group.column(i).total_uncompressed_size for i in range(group.num_columns)
                if group.column(i).path_in_schema == "log_fc")  # fmt: skip
    assert size - 8 * n > 8 * 30
