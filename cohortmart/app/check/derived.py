"""Derived assays in the report of `cohortmart check`: from what, and what they will hold."""

from __future__ import annotations

from cohortmart.app.check.measured import Measured
from cohortmart.core.lake.derive_weights import INTERCEPT
from cohortmart.core.study.records import DerivedAssay
from cohortmart.core.text import counted, listed

#: So many names are shown.
_SHOWN = 8


def derived_text(name: str, derived: DerivedAssay, measured: Measured) -> str:
    """Return the paragraph of a derived assay.

    Parameters
    ----------
    name, derived : str, DerivedAssay
    measured : Measured
        With what its file says.
    """
    made, rows = derived.made, measured.weights[name].rows
    components = rows["component"].unique().sort().to_list()
    n_samples = len(measured.sample_ids[name])
    many = counted(len(components), made.how.one, made.how.many)
    n_features = len(set(rows["feature_id"].to_list()) - {INTERCEPT})
    features = counted(n_features, made.how.features)
    return (
        f"Derived assay {name}: {made.how.title} of {counted(n_samples, 'sample')} from "
        f"{made.source}\n"
        f"  {made.file.name}: {features}, {many} ({listed(components, _SHOWN)})\n"
    )
