"""Scale of a synthetic study, and the random streams of its parts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

#: Probes that are drawn and written at once, so that memory does not grow with their number.
BLOCK = 8_000


@dataclass(frozen=True)
class Scale:
    """Numbers of features and arrays; the people are those of the model study at every scale.

    Parameters
    ----------
    genes, probes : int
        Rows of the two matrices.
    arrays : int or None
        Columns of the matrix of betas; None: every sample that was measured.
    betas : str
        Name of the file of betas.
    regions : int
        Groups of CpGs that are moved together, where promoters have too few to be regions.
    """

    genes: int
    probes: int
    arrays: int | None
    betas: str
    regions: int = 0

    @property
    def blocks(self) -> int:
        """Number of blocks of probes."""
        return -(-self.probes // BLOCK)


#: Scales by the name that `cohortmart demo --scale` takes. `epic` is as large as the model study's
#: arrays, and plain text, which is what such files mostly are.
SCALES = {
    "small": Scale(genes=3_000, probes=6_000, arrays=None, betas="betas.csv.gz", regions=12),
    "epic": Scale(genes=20_000, probes=866_000, arrays=134, betas="betas.csv"),
}


def stream(seed: int, part: str, block: int = 0) -> np.random.Generator:
    """Return the random stream of one part, so that a change in one part leaves the others alone.

    Parameters
    ----------
    seed : int
        The study's seed, not negative.
    part : str
        Name of the part.
    block : int
        Number of the block of probes, where the part is drawn by blocks.
    """
    return np.random.default_rng([seed, zlib.crc32(part.encode()), block])
