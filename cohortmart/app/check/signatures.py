"""The section of the report on published tables that contrasts of betas are compared with."""

from __future__ import annotations

from cohortmart.app.check.paragraphs import block
from cohortmart.core.study.kinds import BETA
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.text.identifiers import kind_of_ids, n_probes
from ingest.read.signatures.signature_table import read_signature


def signatures_text(study: Study) -> str:
    """Say how many CpGs each table has; empty where no contrast of betas is compared with one.

    Which of them the array has is known after the run (`signature_match`).

    Parameters
    ----------
    study : Study

    Raises
    ------
    IngestError
        A table cannot be read.
    """
    lines = []
    for analysis, options in study.analyses.items():
        if study.assays[options.assay].kind != BETA:
            continue
        for name, asked in options.signatures.items():
            words = read_signature(asked, name).rows["listed_as"].to_list()
            found = n_probes(words)
            what = f"analysis {analysis}, signature `{name}`"
            if found:
                of = counted(len(words), "feature")
                lines.append(block("known", f"{what}: {found:,} of {of} are CpGs or SNPs"))
                continue
            lines.append(
                block(
                    "WARNING",
                    f"{what}: no name of {asked.file.name} looks like a CpG, they are "
                    f"{kind_of_ids(words)}; the run will stop if the array has none of them. To "
                    f"do: {asked.hint_for_betas}",
                )
            )
    return "\n".join(["Published tables", *lines]) + "\n" if lines else ""
