"""A study, opened: what a notebook asks of a finished output folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import polars as pl

from cohortmart.api.contrasts import contrast_list, contrast_results
from cohortmart.api.features import Feature, Gene, assay_kinds, feature_of, gene_of
from cohortmart.api.matrix import READERS, Matrix, matrix_reader
from cohortmart.api.names import no_such
from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.api.relation import Relation
from cohortmart.core.errors import InputError
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import DATABASE, Home
from cohortmart.core.warehouse.query import Parameters, said_plainly

if TYPE_CHECKING:
    from cohortmart.api.plots import Plots

_TABLES = f"""
    select name, description, rows from (
        select table_name as name, comment as description, estimated_size as rows
        from duckdb_tables() where database_name = '{DATABASE}' and schema_name = 'main'
        union all
        select view_name, comment, null
        from duckdb_views() where database_name = '{DATABASE}' and schema_name = 'main'
    ) order by name
"""
_COLUMNS = f"""
    select column_name as name, data_type as type, comment as description
    from duckdb_columns()
    where database_name = '{DATABASE}' and schema_name = 'main' and table_name = ?
    order by column_index
"""
_ASSAYS = """
    select assay, count(*) filter (where filter_reason is null) as samples
    from qc_sample group by assay order by assay
"""
_SIZE = """
    select count(*) as samples, count(distinct subject_id) as people,
        count(distinct timepoint) as timepoints
    from dim_sample
"""


class Study:
    """A finished study, read only; made by `cohortmart.open`.

    Each call asks on a cursor of its own, so that several threads can use one study. After a
    rebuild of the folder the next call answers from the new tables.

    Parameters
    ----------
    folder : path
        The output folder of `cohortmart run`.

    Raises
    ------
    InputError
        There is no warehouse, or the folder was moved since it was built.
    """

    def __init__(self, folder: str | Path) -> None:
        self._home = Home(Path(folder))
        self._warehouse = OpenWarehouse(self._home)
        self._plots: Plots | None = None

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self._home.root

    @property
    def name(self) -> str:
        """What study.yml calls the study."""
        return StudyCopy(self._home).study

    @property
    def plot(self) -> Plots:
        """Figures of the report for this study, one by one."""
        from cohortmart.api.plots import Plots

        if self._plots is None:
            self._plots = Plots(self._warehouse)
        return self._plots

    def sql(self, query: str, params: Parameters | None = None) -> Relation:
        """Return the rows of one query that reads, as `cohortmart sql` does.

        Parameters
        ----------
        query : str
            One SQL statement; it can read the tables of this study and no other file.
        params : sequence or mapping, optional
            Values of its `?` in order, or of its `$name` by name.

        Raises
        ------
        InputError
            It writes, is faulty, or the parameters do not fit it.
        """
        return Relation(self._warehouse, query, params)

    def tables(self) -> pl.DataFrame:
        """Return the tables by name, with a description; `rows` is null where it is a view."""
        return self.sql(_TABLES).pl()

    def describe(self, table: str) -> pl.DataFrame:
        """Return the columns of a table: name, type, description.

        Parameters
        ----------
        table : str

        Raises
        ------
        InputError
            There is no such table.
        """
        found = self.sql(_COLUMNS, [table]).pl()
        if found.is_empty():
            raise no_such("table", [table], self.tables()["name"].to_list())
        return found

    def assays(self) -> pl.DataFrame:
        """Return the assays: kind, samples kept, and the values that `matrix` can give."""
        kept = dict(self.sql(_ASSAYS).pl().iter_rows())
        kinds = assay_kinds(self._warehouse)
        return pl.DataFrame(
            {
                "assay": list(kinds),
                "kind": list(kinds.values()),
                "samples": [kept.get(name, 0) for name in kinds],
                "values": [list(READERS[kind]) for kind in kinds.values()],
            },
            schema_overrides={"samples": pl.Int64, "values": pl.List(pl.String)},
        )

    def matrix(
        self,
        assay: str,
        values: str | None = None,
        where: str | None = None,
        features: Sequence[str] | None = None,
    ) -> Matrix:
        """Return the values of an assay as an array of features x samples.

        They are read from the lake's matrices and equal the long tables to the last bit.

        Parameters
        ----------
        assay : str
        values : str, optional
            Of counts log2_cpm (the default), cpm or count; of betas beta or m_value; of
            measures transformed or value.
        where : str, optional
            SQL condition over dim_sample, such as ``cell_type = 'CD8'``.
        features : sequence of str, optional
            Ids or names; the name of a gene stands for its CpGs. Features that the filters of
            the assay took out are not there.

        Raises
        ------
        InputError
            There is no such assay, value, sample or feature.
        """
        with said_plainly(self._home):
            con = self._warehouse.connection()
            return matrix_reader(con, assay, values, where, features).whole()

    def blocks(
        self,
        assay: str,
        values: str | None = None,
        where: str | None = None,
        features: Sequence[str] | None = None,
        *,
        rows: int = 4096,
    ) -> Iterator[Matrix]:
        """Stream what `matrix` gives, `rows` features at a time: memory stays flat.

        Parameters
        ----------
        assay, values, where, features
            As for `matrix`.
        rows : int
            Features in a block; the last has fewer.

        Yields
        ------
        Matrix

        Raises
        ------
        InputError
            As for `matrix`, or `rows` is less than 1.
        """
        if rows < 1:
            raise InputError(f"blocks of {rows} rows", expected="1 row or more")
        with said_plainly(self._home):
            con = self._warehouse.connection()
            yield from matrix_reader(con, assay, values, where, features).blocks(rows)

    def contrasts(self, analysis: str | None = None) -> pl.DataFrame:
        """Return the contrasts of all analyses or of one: what each means, how many are found.

        Parameters
        ----------
        analysis : str, optional

        Raises
        ------
        InputError
            There is no such analysis.
        """
        return contrast_list(self._warehouse, analysis)

    def contrast(self, analysis: str, contrast: str) -> Relation:
        """Return all features of a contrast with their names, the smallest P value first.

        Parameters
        ----------
        analysis, contrast : str

        Raises
        ------
        InputError
            There is no such analysis, or no such contrast in it.
        """
        return contrast_results(self._warehouse, analysis, contrast)

    def gene(self, name: str) -> Gene:
        """Return what is known of a gene.

        Parameters
        ----------
        name : str
            Symbol, id, former symbol or other name.

        Raises
        ------
        InputError
            There is no such gene, or the name means several.
        """
        return gene_of(self._warehouse, name)

    def feature(self, name: str, assay: str | None = None) -> Feature:
        """Return what is known of a gene, CpG or measure in one assay.

        Parameters
        ----------
        name : str
            Id or name.
        assay : str, optional
            Needed where several assays have such a feature.

        Raises
        ------
        InputError
            No feature is meant, or more than one.
        """
        return feature_of(self._warehouse, name, assay)

    def close(self) -> None:
        """Let go of the warehouse; closing again does nothing."""
        self._warehouse.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        first, *others = self._lines()
        return f"<b>{escape(first)}</b><br>" + "<br>".join(escape(line) for line in others)

    def _lines(self) -> list[str]:
        nouns = StudyCopy(self._home).nouns
        size = self.sql(_SIZE).pl().row(0, named=True)
        assays = [f"{row['assay']} ({row['kind']}, {counted(row['samples'], 'sample')})"
                  for row in self.assays().iter_rows(named=True)]  # fmt: skip
        analyses = self.sql("select analysis from analysis_run order by analysis").pl()
        return [
            f"study {self.name} in {self.folder}",
            f"{nouns.subject.counted(size['people'])}, "
            f"{nouns.timepoint.counted(size['timepoints'])}, {counted(size['samples'], 'sample')}",
            f"assays: {', '.join(assays) or 'none'}",
            f"analyses: {', '.join(analyses['analysis']) or 'none'}",
        ]


def open(folder: str | Path) -> Study:
    """Open the output folder of `cohortmart run`, read only.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Study
        Close it, or use it in a `with` block, to let go of the file.

    Raises
    ------
    InputError
        There is no warehouse, or the folder was moved since it was built.

    Examples
    --------
    >>> study = cohortmart.open("demo")
    >>> study.contrast("rna_cd8", "MS_3rd-1st").pl()
    """
    return Study(folder)
