"""Gene of a name: the quick way gives what the sure way does, or leaves it to it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cohortmart.api.names import gene_meant
from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.search.named import named_gene
from tests.support.explored_study import small_explored_home

#: A second id of the name that ENSG1 has, a name that differs by case alone, no name at all.
_MORE = """
insert into dim_gene by name
    select * from (values ('ENSG9', 'SEPT2', null), ('ENSG8', 'sept3', null),
        ('ENSG7', 'SEPT3', null), ('ENSG6', null, 'ENSG00000000006'))
    as g(gene_id, gene_name, ensembl_id);
alter table dim_gene add column if not exists matrix_name varchar;
"""
WORDS = [
    "SEPT2", "sept2", "DIFF6", "diff6", "ENSG1", "ENSG9", "ensg1", "ENSG00000168385", "SEPT3",
    "sept3", "Sept3", "ENSG6", "ENSG00000000006", "ABC", "abc", "IL6", "1E5", "MARCH1 ", "nobody",
    "'", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    home = small_explored_home(tmp_path_factory.mktemp("study"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(_MORE)
    opened = Explored(home)
    yield opened
    opened.close()


@pytest.mark.parametrize("word", WORDS)
def test_it_says_what_the_sure_way_says_or_nothing(explored: Explored, word: str) -> None:
    with explored.asked() as asked:
        quick = named_gene(explored, asked, word)
        try:
            sure = gene_meant(asked.con, word)
        except InputError:
            assert quick is None
            return
    assert quick in (None, sure)


def test_a_name_is_found_the_quick_way(explored: Explored) -> None:
    with explored.asked() as asked:
        assert named_gene(explored, asked, "SEPT2") == ("SEPT2", ("ENSG1", "ENSG9"))
        assert named_gene(explored, asked, "abc") == ("ABC", ())
        assert named_gene(explored, asked, "ENSG1") is None  # itself, and not ENSG9
        assert named_gene(explored, asked, "SEPT3") is None  # or sept3
