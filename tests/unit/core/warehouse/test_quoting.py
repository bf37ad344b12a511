"""Names of the study inside SQL."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmart.core.warehouse.quoting import literal


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20))
@settings(max_examples=30, deadline=None)
def test_a_quoted_text_is_read_back_as_it_was(text: str):
    assert duckdb.sql(f"select {literal(text)}").fetchall() == [(text,)]
