"""Tables of several people: what of a warehouse leaves the house without names."""

from __future__ import annotations

from collections.abc import Collection

#: Contrasts, means of groups, and features: the tables that may leave the house.
TABLES_OF_SEVERAL = (
    "bridge_gene_alias", "bridge_gene_set", "bridge_probe_gene", "changed_measure", "deg",
    "contrast_summary", "dim_contrast", "dim_gene", "dim_gene_set", "dim_measure", "dim_probe",
    "dmp", "fct_contrast_result", "group_expression", "group_measurement", "group_methylation",
)  # fmt: skip
#: Columns of them with names that a study's author gave: one may be called after a person.
NAMED_BY_AUTHORS = ("analysis", "contrast", "expression", "meaning")
#: The fewest people of whom a number is shown.
FEWEST = 2


def conditions_of_several(columns: Collection[str], contrasts: str = "dim_contrast") -> list[str]:
    """Return the conditions that a row of a table is about two people or more.

    Parameters
    ----------
    columns : collection of str
        Of one of TABLES_OF_SEVERAL.
    contrasts : str
        SQL name of the table of contrasts.
    """
    conditions = [f"n_subjects >= {FEWEST}"] if "n_subjects" in columns else []
    if {"analysis", "contrast"} <= set(columns):
        conditions.append(
            f"(analysis, contrast) in (select (analysis, contrast) from {contrasts} "
            f"where n_subjects >= {FEWEST})"
        )
    return conditions
