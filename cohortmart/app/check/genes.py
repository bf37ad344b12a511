"""The section of the report on genes: names, and which gene sets and networks know them."""

from __future__ import annotations

from cohortmart.app.check.measured import Measured
from cohortmart.app.check.paragraphs import block
from cohortmart.core.study.records import Study
from ingest.reference.genes_ahead import look_at_genes


def genes_text(study: Study, measured: Measured) -> str:
    """Say which genes of sets, lists and the network the study knows; empty if it names none.

    Parameters
    ----------
    study : Study
    measured : Measured
        For the headers of the matrices.

    Raises
    ------
    IngestError
        A file cannot be read, or an analysis needs genes of which none is known.
    """
    found = look_at_genes(study, measured.headers)
    if not (found.lines or found.notes or found.warnings):
        return ""
    lines = ["Genes"]
    lines += [block("known", line) for line in found.lines]
    lines += [block("note", note) for note in found.notes]
    lines += [block("WARNING", warning) for warning in found.warnings]
    return "\n".join(lines) + "\n"
