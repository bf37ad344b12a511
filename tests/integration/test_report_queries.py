"""The SQL beside a table of the report, asked as a reader would: it begins with the rows shown."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from cohortmart.core.warehouse.home import Home
from cohortmart.report.blocks import Table, all_blocks
from cohortmart.report.context import report_source
from cohortmart.report.pages import PAGES
from cohortmart.report.pipeline import report_pages

#: Their rows count what the SQL beside them finds, or say it in words.
IN_WORDS = (
    "quality-associations-",
    "contrasts-other-models-",
    "contrasts-joint-",
    "methods-versions",
    "identity-pairs",
)


def exact(table: pa.Table) -> list[str]:
    """Columns whose values are the same however they are computed: texts and whole numbers."""
    return [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type) or pa.types.is_integer(field.type)
    ]


def test_the_query_beside_a_table_begins_with_its_rows(demo_run: Path) -> None:
    asked = set()
    with report_source(Home(demo_run), pseudonymise=False) as source:
        for page in report_pages(source, print):
            for block in all_blocks(page):
                if not isinstance(block, Table) or not block.query:
                    continue
                answer = source.con.sql(block.query).to_arrow_table()
                asked.add(page.name)
                if block.name.startswith(IN_WORDS):
                    assert answer.num_rows, block.name
                    continue
                both = [c for c in exact(block.rows) if c in answer.column_names]
                first = answer.select(both).slice(0, block.rows.num_rows)
                assert both, block.name
                assert first.to_pylist() == block.rows.select(both).to_pylist(), block.name
    assert asked == {name for name, _ in PAGES} - {"overview", "help"}  # which have no tables
