"""The files of R: a SummarizedExperiment per assay, and a list of contrast tables."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from cohortmart import __version__
from cohortmart.app.export.assays import assay_matrices, sample_table
from cohortmart.app.export.contrasts import Contrast, contrast_table, contrasts_of
from cohortmart.app.export.format import Format
from cohortmart.app.export.group_means import MEANS, group_means
from cohortmart.app.export.rds.experiment import summarized_experiment
from cohortmart.app.export.rds.objects import RList, RObject, data_frame, texts
from cohortmart.app.export.rds.serialise import serialise
from cohortmart.app.export.selection import Selection
from cohortmart.app.export.spill import spilled

#: Compression of zlib: R's own 6 takes three times as long for a tenth less.
_LEVEL = 1
_CONTRASTS = "contrasts"


def write_rds(chosen: Selection, folder: Path) -> None:
    """Write `ASSAY.rds` for each assay and `contrasts.rds`.

    With pseudonyms `group_means.rds` stands in place of the assays.

    Parameters
    ----------
    chosen : Selection
    folder : Path
    """
    if chosen.pseudonymised:
        means = {name: table for name in MEANS if (table := group_means(chosen, name)).num_rows}
        frames = {name: data_frame(table) for name, table in means.items()}
        _save(_named(list(frames), iter(frames.values())), folder / "group_means.rds")
    else:
        for assay in chosen.assays:
            _write_assay(chosen, assay, folder)
    contrasts = [c for analysis in chosen.analyses for c in contrasts_of(chosen, analysis)]
    names = [f"{c.shown_analysis}/{c.shown}" for c in contrasts]
    _save(_named(names, _frames(chosen, contrasts)), folder / f"{_CONTRASTS}.rds")


def _write_assay(chosen: Selection, assay: str, folder: Path) -> None:
    matrices = assay_matrices(chosen.source, assay)
    samples, levels = sample_table(chosen.source, matrices.samples)
    metadata: dict[str, RObject] = {
        "study": texts([chosen.source.study]),
        "assay": texts([assay]),
        "cohortmart_version": texts([__version__]),
    }
    with spilled(matrices, folder) as files:
        value = summarized_experiment(files, matrices.features, samples, levels, metadata)
        name = f"{assay}_assay" if assay.lower() == _CONTRASTS else assay
        _save(value, folder / f"{name}.rds")


def _frames(chosen: Selection, contrasts: list[Contrast]) -> Iterator[RObject]:
    for contrast in contrasts:
        yield data_frame(contrast_table(chosen, contrast))


def _named(names: list[str], elements: Iterator[RObject]) -> RList:
    attributes = {"names": texts(names)} if names else {}
    return RList(len(names), lambda: elements, attributes)


def _save(value: RObject, path: Path) -> None:
    """Write one object, compressed as `saveRDS` does, without name and time in the header."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as file,
    ):
        serialise(value, file)  # type: ignore[arg-type]


RDS = Format("rds", "R: a SummarizedExperiment per assay, a list of contrast tables", write_rds)
