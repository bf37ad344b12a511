"""Notes on assays whose probes the manifests of the lake do not know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from cohortmart.core.study.records import Study
from ingest.check.known_probes import known_probe_note
from ingest.matrix.assay_reading import AssayReading
from ingest.reference.pipeline import Annotation


def known_probe_notes(
    study: Study, lake: Path, annotation: Annotation, done: Sequence[AssayReading]
) -> tuple[str, ...]:
    """Say of which methylation assays few or none of the probes are in the manifests.

    Parameters
    ----------
    study : Study
        Names the manifests.
    lake : Path
        The lake's folder.
    annotation : Annotation
        With the table of probes, which lies there.
    done : sequence of AssayReading
        All assays.
    """
    entry = next((e for e in annotation.entries if e.table_name == "probe"), None)
    assays = [reading for reading in done if reading.plan.assay.kind == "beta"]
    if entry is None or not assays:
        return ()
    table = pq.read_table(lake / entry.path, columns=["manifest_order", "probe_id"])
    manifests = {
        path.name: table.filter(pc.equal(table["manifest_order"], order))[
            "probe_id"
        ].combine_chunks()
        for order, path in enumerate(study.reference.manifest, start=1)
    }
    notes = (
        known_probe_note(
            reading.plan.name, reading.features.features["feature_id"].combine_chunks(), manifests
        )
        for reading in assays
    )
    return tuple(note for note in notes if note is not None)
