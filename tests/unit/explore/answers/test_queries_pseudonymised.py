"""Queries of those who may not see single people: each of these tries to."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Queries
from cohortmart.explore.answers.queries.of_several import of_several
from tests.support.explored_study import small_explored_home
from tests.support.export_warehouse import OF_ONE

ATTACKS = [
    "from dim_sample", 'from "dim_sample"', "from DIM_SAMPLE", "from warehouse.main.dim_sample",
    "from warehouse.dim_sample", "from main.dim_sample", "from staging.stg_lake__assays",
    "from /* dim_gene */ dim_sample", "from dim_gene, dim_sample", "describe dim_sample",
    "summarize dim_sample", "show tables", "show all tables", "from duckdb_columns()",
    "from duckdb_tables()", "from information_schema.columns", "from query_table('dim_sample')",
    "from query('from dim_sample')", "select (from dim_sample select min(subject_id))",
    "select gene_id from dim_gene as g where exists (from dim_sample where sample_id <> g.gene_id)",
    "select columns(*) from dim_sample", "from memory.main.shown_sample", "from shown_sample",
    "with a as (from dim_sample) from a", "with dim_sample as (from dim_sample) from dim_sample",
    "from (with dim_sample as (select 1) from dim_sample), dim_sample",
    "with recursive dim_sample as (from dim_sample) from dim_sample",
    "with recursive dim_sample as (from dim_sample union all from dim_sample) from dim_sample",
    "with b as (from dim_sample), dim_sample as (select 1) from b",
    "from fct_gene_expression", "from analysis_run", "from own_table", "from mine.own_table",
    "from warehouse.main.fct_contrast_result", "from main.dim_contrast",
    "from main.group_expression",
    "select people()", "from all_people()", "explain from dim_contrast",
    "explain analyze from dim_gene", "pivot dim_sample on timepoint in ('1st') using count(*)",
    "from histogram('dim_sample', subject_id)", "select stats(mean_log2_cpm) from group_expression",
    "from dim_gene natural join dim_sample", "from dim_gene semi join dim_sample on true",
    "from dim_gene asof join dim_sample on gene_id >= sample_id", "table dim_sample",
    "select 1 union from (select subject_id from dim_sample)", "unpivot dim_sample on age",
    "select [x for x in [1] if (from dim_sample select true limit 1)]",
    "select max(g.gene_id) over (order by (from dim_sample select min(age))) from dim_gene as g",
    "select 1 group by (from dim_sample select min(age))",
    "select 1 from dim_gene qualify (from dim_sample)",
    "select * replace ((from dim_sample select min(subject_id)) as gene_id) from dim_gene",
]  # fmt: skip
#: Each would fail, or answer otherwise, if it met a row that is not to be seen.
LOOKS = [
    f"from group_expression where mean_log2_cpm = {OF_ONE}",
    f"from group_expression where if(mean_log2_cpm = {OF_ONE}, error('seen'), false)",
    f"from group_methylation where if(mean_beta = {OF_ONE}, error('seen'), false)",
    "from fct_contrast_result "
    "where if(contrast like '%/1st' and t is not null, error('seen'), false)",
    "from fct_contrast_result where if(contrast like '%/1st', error(feature_id), false)",
    "from dim_contrast where if(contrast like '%/1st', error(meaning), false)",
    "from contrast_summary where contrast like '%/1st'",
    "from dim_contrast where n_subjects < 2",
    "from dim_contrast where if(n_subjects < 2, error('seen'), false)",
    "from deg where if(contrast like '%/1st', error(gene_id), false)",
    "from dim_contrast where concat(analysis, contrast, expression, meaning) ilike '%anna%'",
    "from dim_contrast where substr(contrast, 1, 2) in ('an', 'bé')",
    "from dim_contrast where if(contains(contrast, 'béla'), error('seen'), false)",
]


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    home = small_explored_home(tmp_path_factory.mktemp("study"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("insert into deg values ('rna_all', 'anna_PP/1st', 'ENSG1')")
        for table in ("dim_contrast", "fct_contrast_result"):
            con.execute(f"update {table} set contrast = 'without_béla' where analysis = 'npx'")
        con.execute("create table own_table as select subject_id from dim_sample")
        con.execute("create schema mine")
        con.execute("create table mine.own_table as select subject_id from dim_sample")
        con.execute("create macro people() as (select list(subject_id) from dim_sample)")
        con.execute("create macro all_people() as table (select subject_id from dim_sample)")
    study = Explored(home, pseudonymise=True)
    yield study
    study.close()


@pytest.mark.parametrize("query", ATTACKS)
def test_tables_of_people_are_not_answered(explored: Explored, query: str) -> None:
    with pytest.raises(InputError) as caught:
        Queries(explored).answer(query)
    assert "anna" not in str(caught.value)
    assert "béla" not in str(caught.value)


@pytest.mark.parametrize("query", LOOKS)
def test_rows_of_one_person_are_not_met(explored: Explored, query: str) -> None:
    assert Queries(explored).answer(query).rows.num_rows == 0


def test_what_is_of_several_people_is_answered(explored: Explored) -> None:
    queries = Queries(explored)
    means = queries.answer("from group_expression order by gene_id").rows
    assert means["timepoint"].to_pylist() == ["1st"] * 4
    assert set(means["mean_log2_cpm"].to_pylist()) == {1 / 3}
    results = queries.answer("from fct_contrast_result").rows
    assert results.num_rows == 3 * 3 + 2 + 1
    assert results["t"].null_count == 5  # as it is of every first feature
    joined = "select count(*) as n from Deg inner join Dim_Contrast using (analysis, contrast)"
    assert queries.answer(joined).rows["n"].to_pylist() == [1]
    assert queries.answer("summarize dim_contrast").rows.num_rows == 7
    assert queries.answer("with dim_gene as (select 1 as a) from dim_gene").rows.num_rows == 1
    with queries.whole("from dim_contrast") as reader:
        assert reader.read_all().num_rows == 5


def test_a_contrast_that_is_called_after_a_person_has_their_number(explored: Explored) -> None:
    shown = explored.prepared().source.names.subjects["béla"]
    named = Queries(explored).answer("select contrast from dim_contrast where analysis = 'npx'")
    assert named.rows["contrast"].to_pylist() == [f"without_{shown}"]


def test_an_id_in_a_query_does_not_become_a_number(explored: Explored) -> None:
    assert Queries(explored).answer("select 'béla' as a").rows["a"].to_pylist() == ["béla"]


def test_values_of_one_person_are_gone_before_a_condition_of_the_query(explored: Explored) -> None:
    views = of_several(explored.prepared().source)
    means, results = views.query("group_expression"), views.query("fct_contrast_result")
    assert 'case when n_subjects >= 2 then "mean_log2_cpm" end as "mean_log2_cpm"' in means
    hidden = "case when (analysis, contrast) not in (('rna_all', 'anna_PP/1st')) then"
    for column in ("feature_id", "log_fc", "p_value"):
        assert f'{hidden} "{column}" end as "{column}"' in results
