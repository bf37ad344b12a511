"""A source of the report over a few rows written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cohortmart.core.pseudonyms import Names, kept_pseudonyms, own_names
from cohortmart.core.text import Nouns
from cohortmart.core.warehouse.home import Home
from cohortmart.report.source import Detail, Source

SHOWN = (
    "sample_id", "sample", "subject_id", "subject", "study_group", "timepoint", "visit_order",
    "cell_type", "visit_key",
)  # fmt: skip


def small_source(
    tables: Mapping[str, Sequence[Mapping[str, Any]] | pa.Table],
    samples: Sequence[tuple[str, str, str, str, int]],
    root: Path = Path("nowhere"),
    *,
    analyses: Sequence[str] = (),
    pseudonymised: bool = False,
    detail: Detail | None = None,
    nouns: Nouns | None = None,
) -> Source:
    """Return a source over an in-memory database.

    `samples`: sample_id, subject_id, study_group, timepoint, visit_order.
    """
    con = duckdb.connect()
    nouns = nouns or Nouns()
    subjects, ids = sorted({s[1] for s in samples}), [s[0] for s in samples]
    names: Names = (
        kept_pseudonyms(root, subjects, ids, noun=nouns.subject)
        if pseudonymised
        else own_names(subjects, ids)
    )
    shown = [
        dict(
            zip(
                SHOWN,
                (s[0], names.samples[s[0]], s[1], names.subjects[s[1]], *s[2:], "CD4", ""),
                strict=True,
            )
        )
        for s in samples
    ]
    for name, rows in {**tables, "shown_sample": shown}.items():
        given = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows))
        con.register("given_rows", given)
        con.execute(f"create table {name} as select * from given_rows")
        con.unregister("given_rows")
    return Source(
        con=con,
        home=Home(root),
        study="small",
        groups=tuple(dict.fromkeys(s[2] for s in samples)),
        timepoints=tuple(t for _, t in sorted({(s[4], s[3]) for s in samples})),
        analyses=tuple(analyses),
        names=names,
        detail=detail or Detail(),
        nouns=nouns,
    )
