"""The sample sheet of a sample or a person: every column with its value."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.warehouse.quoting import identifier
from cohortmart.explore.answers.addresses import person_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.quality.assays import heading
from cohortmart.report.pages.quality.variables import study_variables

_ABOUT = "select variable, description from study_variable"


def sheet_table(asked: Asked, who: str, identity: str, person: str | None = None) -> Table:
    """Return the columns of the sheet that are the same in all samples of someone.

    Parameters
    ----------
    asked : Asked
        Of a study whose people may be shown.
    who : {"sample_id", "subject_id"}
    identity : str
        Which sample or person.
    person : str, optional
        The sample's person, as shown.
    """
    variables = [v for v in study_variables(asked) if v.name != "study_group" or asked.has_groups]
    parts = ", ".join(f"cast(d.{identifier(v.name)} as varchar) as c{i}"
                      for i, v in enumerate(variables))  # fmt: skip
    samples = asked.rows(
        f"select distinct {parts} from dim_sample as d where d.{who} = $id", {"id": identity}
    )
    found = [sorted({row[f"c{i}"] for row in samples}, key=str) for i in range(len(variables))]
    about = (
        {r["variable"]: r["description"] for r in asked.rows(_ABOUT)}
        if _has_descriptions(asked)
        else {}
    )
    rows = [
        {"variable": heading(asked, v.name), "value": _number(values[0], is_number=v.is_number),
         "about": _said(about.get(v.name)), "address": None}
        for v, values in zip(variables, found, strict=True)
        if len(values) == 1 and values[0] not in (None, "")
    ]  # fmt: skip
    if person is not None:
        rows.insert(0, {"variable": heading(asked, "subject_id"), "value": person, "about": None,
                        "address": person_address(person)})  # fmt: skip
    columns = [Column("variable", "Column"), Column("value", "Value", link="address")]
    if any(r["about"] for r in rows):
        columns.append(Column("about", "What it is"))
    kinds = {name: pa.string() for name in ("variable", "value", "about", "address")}
    return Table(
        name="sheet",
        title="What the sample sheet says",
        caption="" if who == "sample_id" else "What is the same in all samples.",
        columns=tuple(columns),
        rows=pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items()))),
    )


def _has_descriptions(asked: Asked) -> bool:
    """Tell whether the table says what its variables are: an older one does not."""
    return bool(asked.value(
        "select count(*) > 0 from duckdb_columns() where schema_name = 'main' "
        "and table_name = 'study_variable' and column_name = 'description'"
    ))  # fmt: skip


def _number(value: str, *, is_number: bool) -> str:
    """Return a number as people write it: 37, not 37.0."""
    return f"{float(value):g}" if is_number else value


def _said(description: str | None) -> str | None:
    """Return what study.yml says of a column; that it is a column says nothing."""
    return None if description is None or description.startswith("Column `") else description
