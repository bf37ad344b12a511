"""How large a synthetic study is, and the random streams of its parts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """Numbers of features; the people are those of the model study at every scale.

    Parameters
    ----------
    genes, probes : int
        Rows of the two matrices.
    """

    genes: int
    probes: int


#: Scales by the name that `cohortmart demo --scale` takes.
SCALES = {"small": Scale(genes=3_000, probes=6_000)}


def stream(seed: int, part: str) -> np.random.Generator:
    """Return the random stream of one part, so that a change in one part leaves the others alone.

    Parameters
    ----------
    seed : int
        The study's seed, not negative.
    part : str
        Name of the part.
    """
    return np.random.default_rng([seed, zlib.crc32(part.encode())])
