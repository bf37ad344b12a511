"""Controls of a plate: rows of a long table that measure none of the study's samples."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from cohortmart.core.types import Bools
from ingest.read.continuous.column_words import loose
from ingest.read.continuous.readings import as_text

#: What the columns of types say of the study's own.
_OWN = {
    "sample_type": frozenset({"sample", "", "na"}),
    "assay_type": frozenset({"assay", "", "na"}),
}
_NAME = re.compile(r"control|ctrl|^ipc[0-9]*$")


def measures_samples(facts: Mapping[Any, Any], n: int) -> Bools:
    """Tell the rows that measure samples of the study, by the columns of types.

    Parameters
    ----------
    facts : mapping
        The columns `sample_type` and `assay_type`, where the table has them.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of bool of shape (n,)
    """
    keep = np.ones(n, bool)
    for key, own in _OWN.items():
        if key not in facts:
            continue
        codes = as_text(facts[key]).dictionary_encode()
        known = np.array([w.casefold() in own for w in codes.dictionary.to_pylist()], bool)
        keep &= known[codes.indices.to_numpy()]
    return keep


def named_controls(
    names: Iterable[str], known: Collection[str], suffix: str | None
) -> frozenset[str]:
    """Return the samples that are called like controls of Olink's plates (`CONTROL_SAMPLE_1`).

    Parameters
    ----------
    names : iterable of str
        Of the samples in the file.
    known : collection of str
        Names that the sheets give: these are the study's, whatever they are called.
    suffix : str, optional
        What is cut off the names.
    """
    if not known:
        return frozenset()
    return frozenset(
        name
        for name in names
        if _NAME.search(loose(name)) and name.removesuffix(suffix or "") not in known
    )
