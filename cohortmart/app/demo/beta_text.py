"""Betas as text. Four decimals leave 10,001 values, so every field is looked up, not formatted.

That is ten times as fast as formatting each number: the text of an EPIC study has 116 million.
"""

from __future__ import annotations

import numpy as np

from cohortmart.app.demo.people import Text
from cohortmart.core.types import Floats

_STEPS = 10_000
#: The fields by beta in ten-thousandths, then that of a missing value; shorter ones end in NUL.
_FIELDS = np.array([f",{step / _STEPS:.4f}".encode() for step in range(_STEPS + 1)] + [b",NA"])


def beta_rows(probe_id: Text, beta: Floats) -> bytes:
    """Return rows of a CSV file, a probe each.

    Parameters
    ----------
    probe_id : array of str, shape (n_probes,)
        Names of the probes, plain ASCII and of one length.
    beta : array, shape (n_probes, n_samples)
        In 0..1, written with four decimals; NaN is written as NA.
    """
    step = np.where(np.isnan(beta), _STEPS + 1, np.rint(beta * _STEPS)).astype(np.int64, order="C")
    n_probes, n_samples = beta.shape
    names = probe_id.astype(bytes)
    rows = np.zeros((n_probes, names.itemsize + n_samples * _FIELDS.itemsize + 1), dtype=np.uint8)
    rows[:, : names.itemsize] = names.view(np.uint8).reshape(n_probes, -1)
    rows[:, names.itemsize : -1] = _FIELDS[step].view(np.uint8)
    rows[:, -1] = ord("\n")
    return rows.tobytes().translate(None, b"\0")
