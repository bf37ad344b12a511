"""Signatures of a study: each name is one table, whichever analyses name it."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.study.signature_records import COLUMN_KEYS, SignatureFile
from cohortmart.core.study.yaml_positions import KeyPath


def signatures_of(study: Study) -> dict[str, SignatureFile]:
    """Return the tables that the analyses of a study name, by name, sorted.

    Parameters
    ----------
    study : Study
    """
    named = {n: s for a in study.analyses.values() for n, s in a.signatures.items()}
    return dict(sorted(named.items()))


def validate_signatures(
    study: Study, name: str, analysis: Analysis, here: KeyPath
) -> Iterator[Fault]:
    """Yield what is wrong with `signatures` of an analysis.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    analyses = list(study.analyses)
    earlier = analyses[: analyses.index(name)]
    for label, signature in analysis.signatures.items():
        place: KeyPath = (*here, "signatures", label)
        if not label.strip():
            yield Fault(
                place,
                "a table of `signatures` has no name",
                of_key=True,
                expected="a name such as ms_disease, by which tables and report call it",
                found="empty text",
                hint=f"write a name before the colon of {signature.file.name}",
            )
        other = next((n for n in earlier if _differs(study, n, label, signature)), None)
        if other is not None:
            yield Fault(
                place,
                f"`{label}` is another table here than in analysis `{other}`",
                expected="one table, read in one way, under each name",
                found=f"{signature.file.name} and "
                f"{study.analyses[other].signatures[label].file.name}",
                hint="give one of the two another name, or the same columns and options",
            )
        given = [key for key in COLUMN_KEYS if getattr(signature, key) is not None]
        columns = [getattr(signature, key) for key in given]
        for key, column in zip(given, columns, strict=True):
            first = given[columns.index(column)]
            if first != key:
                yield Fault(
                    (*place, key),
                    f"`{first}` and `{key}` name the same column",
                    expected="a column of its own for each",
                    found=column,
                    hint="leave one of the two out",
                )


def _differs(study: Study, analysis: str, label: str, signature: SignatureFile) -> bool:
    other = study.analyses[analysis].signatures.get(label)
    return other is not None and other != signature
