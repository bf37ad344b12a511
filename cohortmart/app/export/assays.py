"""Assays: their values as matrices of features by samples, read in blocks of features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.core.types import Floats
from cohortmart.report.source import Source

#: Values of one block and quantity.
BLOCK_VALUES = 1_000_000


@dataclass(frozen=True)
class AssayKind:
    """A kind of assay: where its values stand, and what they are called outside.

    Parameters
    ----------
    kind : str
        As in study.yml.
    table, feature : str
        The table of values, and its column of features.
    features : str
        SQL of the features of an assay ($1), in order, with what is known of them.
    quantities : tuple of (str, str)
        Name of a matrix and the column of the table; what is analysed comes last.
    """

    kind: str
    table: str
    feature: str
    features: str
    quantities: tuple[tuple[str, str], ...]

    @property
    def analysed(self) -> str:
        """Name of the quantity that analyses take."""
        return self.quantities[-1][0]


KINDS = (
    AssayKind(
        "counts",
        "fct_gene_expression",
        "gene_id",
        "select * from dim_gene where gene_id in "
        "(select gene_id from fct_gene_expression where assay = $1) order by gene_id",
        (("counts", "count"), ("log2_cpm", "log2_cpm")),
    ),
    AssayKind(
        "beta",
        "fct_probe_methylation",
        "probe_id",
        "select p.* exclude (filter_reason), l.label as gene_name from dim_probe as p "
        "inner join qc_probe as q using (probe_id) "
        "left join feature_label as l on l.feature_id = q.probe_id and l.assay = q.assay "
        "where q.assay = $1 and q.filter_reason is null order by probe_id",
        (("beta", "beta"), ("m_value", "m_value")),
    ),
    AssayKind(
        "continuous",
        "fct_measurement",
        "feature_id",
        "select * exclude (assay) from dim_measure where assay = $1 order by feature_id",
        (("value", "value"), ("transformed", "transformed_value")),
    ),
)


@dataclass(frozen=True, eq=False)
class AssayMatrices:
    """The matrices of one assay.

    Parameters
    ----------
    source : Source
    assay : str
    kind : AssayKind
    features : pa.Table
        A row a feature, the id in the first column, in byte order.
    samples : tuple of str
        The ids of the columns, in byte order.
    """

    source: Source
    assay: str
    kind: AssayKind
    features: pa.Table
    samples: tuple[str, ...]

    @property
    def feature_ids(self) -> pa.ChunkedArray:
        """Ids of the features, (n_features,)."""
        return self.features[self.kind.feature]

    def blocks(
        self, quantities: Sequence[str] = ()
    ) -> Iterator[tuple[pa.Array, dict[str, Floats]]]:
        """Read the matrices of the assay, block by block.

        Parameters
        ----------
        quantities : sequence of str
            Which of them; all if not given.

        Yields
        ------
        tuple of pa.Array and dict of str to ndarray
            Ids (rows,), and by name of a quantity its values (rows, samples); NaN = missing.

        Raises
        ------
        RuntimeError
            The table has not one row for each feature and sample.
        """
        kind = self.kind
        chosen = [pair for pair in kind.quantities if not quantities or pair[0] in quantities]
        columns = ", ".join(column for _, column in chosen)
        step = max(1, BLOCK_VALUES // len(self.samples))
        ids = self.feature_ids.combine_chunks()
        for start in range(0, len(ids), step):
            block = ids.slice(start, step)
            rows = self.source.table(
                f"select {columns} from {kind.table} "
                f"where assay = $1 and {kind.feature} between $2 and $3 "
                f"and {kind.feature} in (select unnest($4)) "
                f"order by {kind.feature}, sample_id",
                [self.assay, block[0].as_py(), block[-1].as_py(), block.to_pylist()],
            )
            if rows.num_rows != len(block) * len(self.samples):
                raise RuntimeError(f"{kind.table} has not one row for each feature and sample")
            yield (
                block,
                {
                    name: rows[column]
                    .cast(pa.float64())
                    .to_numpy()
                    .reshape(len(block), len(self.samples))
                    for name, column in chosen
                },
            )


def assay_matrices(source: Source, assay: str) -> AssayMatrices:
    """Return the matrices of an assay; its values are read when they are asked for.

    Raises
    ------
    KeyError
        No table has values of the assay.
    """
    for kind in KINDS:
        features = source.table(kind.features, [assay])
        if not features.num_rows:
            continue
        names = [kind.feature, *(n for n in features.column_names if n != kind.feature)]
        features = features.select(names)
        samples = source.table(
            f"select sample_id from {kind.table} "
            f"where assay = $1 and {kind.feature} = $2 order by sample_id",
            [assay, features[kind.feature][0].as_py()],
        )
        return AssayMatrices(source, assay, kind, features, tuple(samples[0].to_pylist()))
    raise KeyError(assay)


def sample_table(source: Source, samples: Sequence[str]) -> tuple[pa.Table, dict[str, list[str]]]:
    """Return the rows of `dim_sample` of some samples, and the levels of its factors.

    Parameters
    ----------
    source : Source
    samples : sequence of str
        Ids.

    Returns
    -------
    table : pa.Table
        In the order of `samples`.
    levels : dict of str to list of str
        Of each column of categories that are there: groups and timepoints as study.yml orders
        them, others in the order of their letters.
    """
    table = source.table(
        "select s.* from dim_sample as s inner join "
        "(select unnest($1) as sample_id, generate_subscripts($1, 1) as place) as g "
        "using (sample_id) order by g.place",
        [list(samples)],
    )
    factors = source.rows("select variable from study_variable where kind = 'factor'")
    written = {"study_group": source.groups, "timepoint": source.timepoints}
    levels: dict[str, list[str]] = {}
    for row in factors:
        name = row["variable"]
        if name in table.column_names and name != "subject_id":
            there = {v for v in table[name].cast(pa.string()).to_pylist() if v is not None}
            order = written.get(name, ())
            levels[name] = [v for v in order if v in there] + sorted(there - set(order))
            i = table.column_names.index(name)
            table = table.set_column(i, name, table[name].cast(pa.string()))
    return table, levels
