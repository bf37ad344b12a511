"""The MuData file of a study: a modality for each assay, shared samples, contrasts in `varm`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart import __version__
from cohortmart.app.export.assays import AssayMatrices, assay_matrices, sample_table
from cohortmart.app.export.contrasts import Contrast, contrast_table, contrasts_of
from cohortmart.app.export.format import Format
from cohortmart.app.export.h5mu.elements import (
    empty_matrix,
    write_array,
    write_dict,
    write_frame,
)
from cohortmart.app.export.selection import Selection

#: Columns of a contrast in `varm`.
_SHOWN = ("log_fc", "delta_beta", "se", "t", "p_value", "adj_p_value")
#: The first bytes say what the file is; HDF5 begins behind them.
_USER_BLOCK = 512
#: Values of one chunk of a matrix: 1 MB.
_CHUNK = 1 << 17


def write_h5mu(chosen: Selection, folder: Path) -> None:
    """Write `STUDY.h5mu`: samples x features for each assay, and its contrasts.

    A modality has what is analysed as X (log2 CPM, M-values, transformed values), the other
    quantity (counts, beta, value) as a layer, `var` and `obs` as the tables have them, and in
    `varm` a frame for each contrast, called `ANALYSIS|CONTRAST`, NaN where a feature was not
    fitted. `uns["contrasts"]` says what they compare. It is written block by block after MuData's
    and AnnData's specifications (format version 0.1.0), without these packages.

    Parameters
    ----------
    chosen : Selection
    folder : Path
    """
    import h5py

    path = folder / f"{chosen.source.study.replace('/', '_')}.h5mu"
    assays = [assay_matrices(chosen.source, assay) for assay in chosen.assays]
    contrasts = [c for analysis in chosen.analyses for c in contrasts_of(chosen, analysis)]
    with h5py.File(path, "w", userblock_size=_USER_BLOCK) as file:
        _write_whole(file, chosen, assays, contrasts)
        mod = file.create_group("mod")
        for matrices in assays:
            _write_modality(mod, chosen, matrices, contrasts)
        mod.attrs["mod-order"] = [m.assay for m in assays]
        _sign(file, "MuData")
    said = f"MuData (format-version=0.1.0;creator=cohortmart;creator-version={__version__})"
    with path.open("r+b") as raw:
        raw.write(said.encode())


def _sign(group: Any, kind: str) -> None:
    group.attrs["encoding-type"] = kind
    group.attrs["encoding-version"] = "0.1.0"
    group.attrs["encoder"] = "cohortmart"
    group.attrs["encoder-version"] = __version__


def _write_whole(
    file: Any, chosen: Selection, assays: Sequence[AssayMatrices], contrasts: Sequence[Contrast]
) -> None:
    """Write what all modalities share: samples and features, and where each modality has them."""
    samples = sorted({sample for m in assays for sample in m.samples})
    place = {sample: i for i, sample in enumerate(samples)}
    write_frame(file, "obs", *sample_table(chosen.source, samples))
    ids = pa.chunked_array([c for m in assays for c in m.feature_ids.chunks], pa.string())
    of_assay = [m.assay for m in assays for _ in range(m.features.num_rows)]
    write_frame(file, "var", pa.table({"feature_id": ids, "assay": pa.array(of_assay)}), {})
    maps = {name: write_dict(file, name, {}) for name in ("obsm", "varm", "obsmap", "varmap")}
    start = 0
    for m in assays:
        at = np.zeros(len(samples), np.uint32)
        at[[place[sample] for sample in m.samples]] = np.arange(1, len(m.samples) + 1)
        end = start + m.features.num_rows
        features = np.zeros(len(ids), np.uint32)
        features[start:end] = np.arange(1, end - start + 1)
        start = end
        for axis, where in (("obs", at), ("var", features)):
            write_array(maps[f"{axis}map"], m.assay, where)
            write_array(maps[f"{axis}m"], m.assay, where > 0)
    for name in ("obsp", "varp"):
        write_dict(file, name, {})
    about: dict[str, Any] = {"study": chosen.source.study, "cohortmart_version": __version__}
    if contrasts:
        about["contrasts"] = _meanings(contrasts)
    write_dict(file, "uns", about)
    file.attrs["axis"] = 0


def _write_modality(
    mod: Any, chosen: Selection, matrices: AssayMatrices, contrasts: Sequence[Contrast]
) -> None:
    group = mod.create_group(matrices.assay)
    write_frame(group, "obs", *sample_table(chosen.source, matrices.samples))
    write_frame(group, "var", matrices.features, {})
    layers = write_dict(group, "layers", {})
    shape = (len(matrices.samples), matrices.features.num_rows)
    chunk = (shape[0], max(1, min(_CHUNK // shape[0], shape[1])))
    analysed = matrices.kind.analysed
    datasets = {
        name: empty_matrix(group, "X", shape, chunk)
        if name == analysed
        else empty_matrix(layers, name, shape, chunk)
        for name, _ in matrices.kind.quantities
    }
    done = 0
    for ids, blocks in matrices.blocks():
        for name, values in blocks.items():
            datasets[name][:, done : done + len(ids)] = values.T
        done += len(ids)
    varm = write_dict(group, "varm", {})
    for contrast in contrasts:
        if contrast.assay == matrices.assay:
            write_frame(varm, _key(contrast), _results(chosen, contrast, matrices), {})
    for name in ("obsm", "obsp", "varp"):
        write_dict(group, name, {})
    write_dict(group, "uns", {"X": analysed})
    _sign(group, "anndata")


def _results(chosen: Selection, contrast: Contrast, matrices: AssayMatrices) -> pa.Table:
    """Return the numbers of a contrast for all features of its assay, null if not fitted."""
    shown = [name for name in _SHOWN if name in contrast.statistics]
    found = contrast_table(chosen, contrast).select(["feature_id", *shown])
    places = pc.index_in(matrices.feature_ids, found["feature_id"].combine_chunks())
    taken = found.select(shown).take(places)
    return taken.add_column(0, "feature_id", matrices.feature_ids)


def _meanings(contrasts: Sequence[Contrast]) -> pa.Table:
    columns = ("analysis", "name", "assay", "meaning", "n_tested", "n_up", "n_down")
    rows = {name: [getattr(c, name) for c in contrasts] for name in columns}
    return pa.table({"contrast": [_key(c) for c in contrasts], **rows})


def _key(contrast: Contrast) -> str:
    """Return the name of a contrast in `varm`; a slash would be a folder of HDF5."""
    return f"{contrast.analysis}|{contrast.name}".replace("/", "_")


H5MU = Format(
    "h5mu",
    "MuData: a modality per assay, contrasts in varm",
    write_h5mu,
    package="h5py",
    only_samples=True,
)
