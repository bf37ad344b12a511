"""ComBat-seq on the counts of an assay; whole counts come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from analyses.normalise.batches import Batches, as_analysis_error, read_batches
from analyses.normalise.layer_step import LayerInputs, LayerStep, StepRun
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import LayerSource, MatrixRows
from analyses.stats.batch.combat_design import CombatError
from analyses.stats.batch.combat_seq import CombatSeqResult, GeneStatus, combat_seq
from analyses.stats.batch.combat_seq_design import combat_seq_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.normalise_records import METHODS, CombatSeq
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, listed
from cohortmart.core.types import Bools, Floats

#: Rows handed over at once to be written.
_BLOCK_ROWS = 4096
_WORDS = {
    GeneStatus.ABSENT_FROM_A_BATCH: "without a count in one of the batches",
    GeneStatus.BATCH_NOT_ESTIMABLE: "too few counts to tell the batches from what is kept",
    GeneStatus.NOT_CONVERGED: "the fit did not converge",
}


def combat_seq_layer(
    source: LayerSource, samples: pl.DataFrame, study: Study, combat: CombatSeq, where: str
) -> StepResult:
    """Remove batch effects from counts; what `keep` names is protected.

    The counts are rounded half to even first. A sample without any count takes no part: it stays
    as it is. Unlike betas, the counts are held in memory as a whole, as the dispersion that all
    genes of a batch share needs them together.

    Parameters
    ----------
    source : LayerSource
        The counts to start from.
    samples : polars.DataFrame
        Rows of the lake's `sample` in the order of the source's samples.
    study : Study
    combat : CombatSeq
        Batch and what to keep.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        Batches and what is to be kept do not allow it; the message says what to do.
    """
    counts, n_rounded = _rounded_counts(source)
    filled: Bools = np.asarray(counts.any(axis=0))
    samples = samples.filter(pl.Series(filled))
    batches = read_batches(samples, combat, study, where)
    _refuse_nearly_empty(counts[:, filled], batches, samples["sample_id"].to_list(), where)
    try:
        result = combat_seq(counts[:, filled], batches.labels, batches.keep, batches.keep_names)
    except CombatError as error:
        raise as_analysis_error(error, where) from error
    empty = [s for s, there in zip(source.sample_ids, filled, strict=True) if not there]
    adjusted = counts.copy()
    adjusted[:, filled] = result.counts
    return StepResult(
        rows=_rows(source.feature_ids, adjusted),
        samples=tuple(SampleNote(s) for s in source.sample_ids),
        n_changed=int((result.status == GeneStatus.ADJUSTED).sum()),
        notes=(*batches.notes, *_notes(result, n_rounded, counts.size, empty)),
    )


def _rounded_counts(source: LayerSource) -> tuple[Floats, int]:
    """Return the counts (genes, samples) as whole numbers, and how many were not whole."""
    counts = np.empty((len(source.feature_ids), len(source.sample_ids)))
    n_rounded = start = 0
    for ids, values in source.rows():
        block = counts[start : start + len(ids)]
        np.rint(values, out=block)  # half to even
        n_rounded += int((block != values).sum())
        start += len(ids)
    return counts, n_rounded


def _refuse_nearly_empty(
    counts: Floats, batches: Batches, sample_ids: Sequence[str], where: str
) -> None:
    """Raise if a sample has no count in the genes that the fit takes its library size from."""
    labels = np.array(batches.labels)
    present = [counts[:, labels == batch].any(axis=1) for batch in np.unique(labels)]
    shared = np.all(present, axis=0)
    lacking: Bools = np.asarray(~counts[shared].any(axis=0))
    if shared.any() and lacking.any():
        names = [s for s, lacks in zip(sample_ids, lacking, strict=True) if lacks]
        raise AnalysisError(
            f"{where}: {counted(len(names), 'sample')} without a count in any of the "
            f"{counted(int(shared.sum()), 'gene')} that every batch has",
            expected="a library size above 0 in every sample",
            found=listed(names, 5),
            hint="take such samples out of the sample sheet, or do without `combat_seq`",
        )


def _notes(
    result: CombatSeqResult, n_rounded: int, n_counts: int, empty: list[str]
) -> Iterator[str]:
    if n_rounded:
        yield (
            f"{n_rounded:,} of {n_counts:,} counts were not whole (estimated, say) and were "
            "rounded, halves to the even number"
        )
    if empty:
        said = counted(len(empty), "sample")
        yield f"{said} without any count took no part: {', '.join(empty)}"
    found = result.n_by_status()
    for status, words in _WORDS.items():
        if status in found:
            yield f"ComBat-seq left unchanged, {words}: {counted(found[status], 'gene')}"
    if result.n_in_tail:
        yield (
            "ComBat-seq left unchanged, less likely than 1e-4 in their batch: "
            f"{counted(result.n_in_tail, 'count')}"
        )
    if result.n_capped:
        genes = counted(int((result.capped > 0).sum()), "gene")
        yield (
            "ComBat-seq held back, as they would have become larger than is plausible: "
            f"{counted(result.n_capped, 'count')} of {genes}"
        )


def _rows(ids: pa.Array, counts: Floats) -> Iterator[MatrixRows]:
    for start in range(0, len(ids), _BLOCK_ROWS):
        yield ids.slice(start, _BLOCK_ROWS), counts[start : start + _BLOCK_ROWS]


def _run(run: StepRun) -> StepResult:
    return combat_seq_layer(run.source, run.samples, run.study, run.options, run.where)


def _check(samples: pl.DataFrame, combat: CombatSeq, study: Study, where: str) -> Iterator[str]:
    """Try what the step itself tries, on the samples that are known before anything is read."""
    try:
        batches = read_batches(samples, combat, study, where)
        combat_seq_design(batches.labels, batches.keep, batches.keep_names)
    except AnalysisError as error:
        yield str(error)
    except CombatError as error:
        yield str(as_analysis_error(error, where))


COMBAT_SEQ = LayerStep(
    name="combat_seq",
    title=METHODS["combat_seq"].title,
    inputs=LayerInputs(tables=("sample",), settings=lambda study, _assay: [*study.groups]),
    run=_run,
    seconds_per_value=5e-5,  # a count: 1,500 genes x 60 samples on one busy core
    bytes_per_value=2.5,  # counts are whole
    check=_check,
)
