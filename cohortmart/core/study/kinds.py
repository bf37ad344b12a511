"""The kinds of assays: what a feature of each is called, and where its values and hits stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COUNTS, BETA, CONTINUOUS = "counts", "beta", "continuous"


@dataclass(frozen=True)
class Kind:
    """One kind of assay.

    Parameters
    ----------
    name : str
        As study.yml has it.
    feature, features : str
        What one of its features is called where tables and files are spoken of, and several.
    shown, many_shown : str
        The same in the report.
    measured : str
        What its values are, after "samples have".
    values : tuple of str
        What an analysis can make of it.
    found : str
        Table of the features that are found.
    feature_column : str
        Name of the feature in the tables below.
    visits, groups : str
        Tables of its values by visit, and of their means by group.
    value : str
        The value in `visits` that the tests are nearest to; its mean is `mean_...` in `groups`.
    axis : str
        Title of an axis of it.
    """

    name: str
    feature: str
    features: str
    shown: str
    many_shown: str
    measured: str
    values: tuple[str, ...]
    found: str
    feature_column: str
    visits: str
    groups: str
    value: str
    axis: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                COUNTS, "gene", "genes", "gene", "genes", "counts", ("log_cpm", "voom"),
                "deg", "gene_id", "visit_expression", "group_expression", "log2_cpm",
                "Expression (log2 CPM)",
            ),
            Kind(
                BETA, "probe", "probes", "CpG", "CpGs", "methylation values", ("m_value", "beta"),
                "dmp", "probe_id", "visit_methylation", "group_methylation", "beta",
                "Methylation (beta, 0 to 1)",
            ),
            Kind(
                CONTINUOUS, "measure", "measures", "measure", "measures", "measurements",
                ("measured",), "changed_measure", "feature_id", "visit_measurement",
                "group_measurement", "transformed_value", "Measured (transformed)",
            ),
        )
    }
)  # fmt: skip

#: Units of changes and levels, by what an analysis makes of its assay.
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "log_cpm": "log2 CPM",
        "voom": "log2 CPM",
        "m_value": "M-value",
        "beta": "beta",
        "measured": "transformed unit",
    }
)


def kind_of_values(values: str) -> Kind:
    """Return the kind of assay that some values are made from."""
    return next(kind for kind in KINDS.values() if values in kind.values)
