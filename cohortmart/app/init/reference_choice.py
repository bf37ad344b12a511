"""Reference files of a study, profiles of cell types, and the files that are of no use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cohortmart.app.init.assays import ProposedAssay
from cohortmart.app.init.files import Looked
from cohortmart.app.init.matching import Match
from cohortmart.core.errors import IngestError
from ingest.read.matrix.feature_ids import is_probe_id
from ingest.read.weights.weights import WEIGHT_READERS


def choose_references(
    looked: Sequence[Looked],
    assays: Sequence[ProposedAssay],
    matched: Mapping[Path, tuple[Match, ...]],
) -> tuple[dict[str, tuple[Path, ...]], dict[str, tuple[str, Path]]]:
    """Return the reference files by their keys, and cell profiles for fractions of cells."""
    keys = {"manifest": "manifest", "mask": "masks", "gene_sets": "gene_sets", "genes": "genes",
            "network": "network", "gene_list": "gene_list"}  # fmt: skip
    found: dict[str, tuple[Path, ...]] = {}
    for file in looked:
        if file.what in keys:
            key = keys[file.what]
            found[key] = (*found.get(key, ()), file.path)
    betas = [a.name for a in assays if a.kind == "beta"]
    derive: dict[str, tuple[str, Path]] = {}
    for file in looked:
        may = len(betas) == 1 and file.what == "table" and file.path not in matched
        if may and not derive and _are_profiles(file.path):
            derive["cells"] = (betas[0], file.path)
    return found, derive


def _are_profiles(path: Path) -> bool:
    """Whether a table holds the betas of pure cell types."""
    try:
        weights = WEIGHT_READERS["cell_fractions"](path, "cells")
    except IngestError:
        return False
    features = weights.rows["feature_id"].to_list()
    return 2 * sum(map(is_probe_id, features)) > len(features)


def files_left_out(
    looked: Sequence[Looked],
    seen: set[Path],
    references: Mapping[str, tuple[Path, ...]],
    derive: Mapping[str, tuple[str, Path]],
    assays: Sequence[ProposedAssay],
) -> tuple[tuple[Path, str], ...]:
    """Return the files of no use; a second network is one, too."""
    used = seen | {p for files in references.values() for p in files}
    used -= set(references.get("network", ())[1:])
    used |= {path for _, path in derive.values()}
    used |= {a.transcripts for a in assays if a.transcripts is not None}
    reasons = {
        "table": "no sample, person or visit of the sheet is in it",
        "matrix": "no column of the sheet holds its samples",
        "transcripts": "no assay of salmon or kallisto needs it",
        "network": "there is another network",
    }
    return tuple((f.path, reasons.get(f.what, f.why)) for f in looked if f.path not in used)
