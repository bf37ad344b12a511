"""Filters of a methylation assay that lack what they need."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.app.check.measured import Measured
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from ingest.check.known_probes import known_probe_note
from ingest.read.formats import first_features
from ingest.read.manifest.manifest import manifest_probes
from ingest.read.matrix.records import QUALITY

_WORDS = {"detection_p": "detection p", "bead_count": "bead counts"}


def filter_notes(study: Study, assay: str, measured: Measured) -> list[str]:
    """Say of each filter that cannot do its work what it lacks; nothing of those switched off.

    Parameters
    ----------
    study : Study
    assay : str
        Of kind beta.
    measured : Measured
        For the headers, which tell whether detection p and beads are there.
    """
    wanted, reference = study.assays[assay].filter, study.reference
    asked = {"detection_p": wanted.detection_p, "bead_count": wanted.beads}
    found = [_quantity(assay, name, measured) for name in QUALITY if asked.get(name) is not None]
    if wanted.masks and not reference.masks:
        found.append(
            "the filter for SNP and multi-hit probes needs `reference: {masks: [FILE]}`: it will "
            "do nothing"
        )
    if wanted.sex_chromosomes and not reference.manifest:
        found.append(
            "the filter for X and Y needs `reference: {manifest: FILE}`: it will do nothing"
        )
    if not reference.manifest:
        found.append(
            "without `reference: {manifest: FILE}` nothing is known of the probes' places, genes "
            "and design types"
        )
    return [note for note in found if note]


def manifest_notes(study: Study, measured: Measured) -> dict[str, str]:
    """Say of each methylation assay whose probes the manifests do not know that it is so.

    The first probes of an assay are looked at, as many as are read at once.

    Parameters
    ----------
    study : Study
    measured : Measured
        For the headers.

    Returns
    -------
    dict
        Assay to the note; empty where a manifest cannot be read.
    """
    assays = {name: assay for name, assay in study.assays.items() if assay.kind == "beta"}
    if not assays or not study.reference.manifest:
        return {}
    try:
        manifests = {
            path.name: manifest_probes(path).to_arrow().cast(pa.string())
            for path in study.reference.manifest
        }
    except IngestError:
        return {}  # ingest says what is wrong with the file
    notes = {}
    for name, assay in assays.items():
        try:
            first = first_features(measured.headers[name].values[0], assay)
        except IngestError:
            continue  # ingest says what is wrong with the values
        note = known_probe_note(name, first.ids, manifests, first=not first.whole)
        if note is not None:
            notes[name] = note
    return notes


def _quantity(assay: str, name: str, measured: Measured) -> str:
    if name in measured.headers[assay].quality:
        return ""
    headers = measured.headers[assay].values
    lacking = [h.path.name for h in headers if name not in h.further]
    if not lacking:
        return ""
    does = "it will do nothing"
    if len(lacking) < len(headers):
        does = f"it will do nothing for the samples of {', '.join(lacking)}"
    words = _WORDS[name]
    return f"the filter for {words} needs {words} beside the betas (`{name}: FILE`): {does}"
