"""The blocks of a design, and blocks that its columns leave nothing to explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.coding import read_category
from analyses.design.design import Design
from analyses.design.estimability import rank_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted


def read_blocks(
    samples: pl.DataFrame, name: str, design: Design, study: Study, where: str
) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """Return the label of each sample's block, and what is odd about the blocks.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the design.
    name : str
        A category.
    design : Design
        Without its blocks.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        The name is unknown or a number, a value is missing, or the columns of the design tell
        every block apart already, so that a correlation within blocks has no meaning.
    """
    block = read_category(samples, name, study, f"{where}, block")
    labels = np.array(block.values, dtype=np.str_)
    n_blocks = len(block.levels)
    if n_blocks == samples.height:
        return labels, (
            f"every `{name}` has one chosen sample, so the block has nothing to explain",
        )
    if n_blocks == 1:
        return labels, (f"`{name}` is {block.levels[0]} in every chosen sample: one block only",)
    indicators = (labels[:, None] == np.array(block.levels)) * 1.0
    if rank_of(np.hstack([design.matrix, indicators])) == design.rank:
        raise _absorbed(name, block.values, n_blocks, design, where)
    return labels, ()


def _absorbed(
    name: str, blocks: Sequence[str], n_blocks: int, design: Design, where: str
) -> AnalysisError:
    """Name what in the model tells the blocks apart."""
    terms: dict[str, Sequence[str]] = dict(design.categories)
    if design.mean_labels is not None and len(design.mean_factors) > 1:
        terms[" x ".join(design.mean_factors)] = design.mean_labels
    same, finer = _alike(blocks, n_blocks, terms)
    if same is not None:
        problem = f"the block `{name}` is the same as `{same}` in the model"
        found = f"each of the {n_blocks} levels of `{same}` is one block"
    elif finer is not None:
        problem = f"`{finer}` in the model tells every block of `{name}` apart"
        found = f"each level of `{finer}` lies in one block"
    else:
        problem = f"the columns of the model tell every block of `{name}` apart"
        found = f"{counted(n_blocks, 'block')}, each a weighted sum of columns of the model"
    return AnalysisError(
        f"{where}: {problem}, which leaves the block nothing to explain",
        expected="a block that is no part of the model itself",
        found=found,
        hint="leave `block` out, or take "
        + (f"`{same or finer}` out of the model" if same or finer else "terms out of the model"),
    )


def _alike(
    blocks: Sequence[str], n_blocks: int, terms: Mapping[str, Sequence[str]]
) -> tuple[str | None, str | None]:
    """Return the first term with the blocks as its levels, and the first with parts of them."""
    same = finer = None
    for term, levels in terms.items():
        pairs, n_levels = len(set(zip(levels, blocks, strict=True))), len(set(levels))
        if pairs == n_levels == n_blocks:
            same = same or term
        elif pairs == n_levels:
            finer = finer or term
    return same, finer
