"""The Arrow schema of every Parquet table that passes between the rooms.

Columns and types stand in the YAML of the dbt models, once: `models/_sources.yml` names the
tables and the model that describes each. What is asked for is read, and once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TypeVar

import pyarrow as pa

from cohortmart.core.schemas.model_yaml import source_columns, source_meta, source_tables

#: Arrow's types by the names that the models' YAML uses.
ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}

_T = TypeVar("_T")


@cache
def schema_of(room: str, table: str) -> pa.Schema:
    """Return the Arrow schema of a table of the lake or the results.

    Parameters
    ----------
    room : {"lake", "results"}
    table : str
        Its name in `models/_sources.yml`.

    Raises
    ------
    KeyError
        There is no such table, or its columns are not known beforehand.
    """
    columns = source_columns(room, table)
    return pa.schema([(c["name"], ARROW_TYPES[c["data_type"]]) for c in columns])


def matrix_schema(n_samples: int, extras: Sequence[str] = ()) -> pa.Schema:
    """Return the schema of a lake matrix: one row a feature, values in `matrix_sample`'s order.

    The rows are sorted by feature_id, byte by byte: a reader finds one feature by the statistics
    of the row groups, and an analysis reads the features in the order of its results.

    Parameters
    ----------
    n_samples : int
        Length of every `values` list.
    extras : sequence of str
        `detection_p` and `bead_count` where the raw layer has them, `methylated` and
        `unmethylated` where the study keeps the signals, `transcript_length` beside estimated
        counts: lists of the same length.
    """
    lists = [(name, pa.list_(pa.float64(), n_samples)) for name in ("values", *extras)]
    return pa.schema([("feature_id", pa.string()), *lists])


class _ReadWhenAsked(Mapping[str, _T]):
    """A dict whose names and values are looked up in the YAML when someone asks for them."""

    def __init__(self, names: Callable[[], Sequence[str]], value: Callable[[str], _T]) -> None:
        self._names = names
        self._value = value

    def __getitem__(self, name: str) -> _T:
        if name not in self._names():
            raise KeyError(name)
        return self._value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


def _tables(room: str, names: Callable[[], Sequence[str]]) -> Mapping[str, pa.Schema]:
    return _ReadWhenAsked(names, lambda name: schema_of(room, name))


@cache
def _lake_names() -> tuple[str, ...]:
    """Tables of the lake whose columns are the same in every study."""
    return tuple(
        name
        for name, table in source_tables("lake").items()
        if ("columns" in table or "model" in source_meta("lake", name))
        and not source_meta("lake", name).get("further_columns")
    )


@cache
def _result_names(table_set: str | None = None) -> tuple[str, ...]:
    """Tables of the results, or those that are written together."""
    written_with = {
        name: source_meta("results", name).get("written_with") for name in source_tables("results")
    }
    return tuple(n for n, s in written_with.items() if s and table_set in (None, s))


@cache
def _set_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys(source_meta("results", n)["written_with"] for n in _result_names()))


def _table_set(name: str) -> Mapping[str, pa.Schema]:
    return _tables("results", lambda: _result_names(name))


#: Tables of the lake (`matrix` has a schema per number of samples, `sample` the study's own
#: columns behind SAMPLE_COLUMNS).
LAKE_TABLES = _tables("lake", _lake_names)
RESULT_TABLES = _tables("results", _result_names)
#: Results by the step that writes them together, replaced as a whole.
RESULT_SETS: Mapping[str, Mapping[str, pa.Schema]] = _ReadWhenAsked(_set_names, _table_set)

#: Columns of the lake's `sample` table that every study has. The study's own visit keys and
#: factors (string) and covariates (double) follow under their own names.
SAMPLE_COLUMNS = schema_of("lake", "sample")
MATRIX_SAMPLE = LAKE_TABLES["matrix_sample"]
ASSAY = LAKE_TABLES["assay"]
STUDY_VARIABLE = LAKE_TABLES["study_variable"]
PROBE = LAKE_TABLES["probe"]
PROBE_GENE = LAKE_TABLES["probe_gene"]
LAYER = LAKE_TABLES["layer"]
LAYER_SAMPLE = LAKE_TABLES["layer_sample"]
PROBE_MASK = LAKE_TABLES["probe_mask"]
FEATURE = LAKE_TABLES["feature"]
MEASURE = LAKE_TABLES["measure"]
DERIVED_ASSAY = LAKE_TABLES["derived_assay"]
DERIVE_WEIGHT = LAKE_TABLES["derive_weight"]
INGESTED_FILE = LAKE_TABLES["ingested_file"]
GENE_SET = LAKE_TABLES["gene_set"]
CONTRAST = RESULT_TABLES["contrast"]
CONTRAST_RESULT = RESULT_TABLES["contrast_result"]
JOINT_TEST = RESULT_TABLES["joint_test"]
THRESHOLD = RESULT_TABLES["threshold"]
ANALYSIS_RUN = RESULT_TABLES["analysis_run"]
