"""Words for the columns of long tables of measurements, as instruments and people write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: What a column may hold, and the words for it from the best to the least; compared in small
#: letters without spaces, dots, dashes and underscores.
WORDS: dict[str, tuple[str, ...]] = {
    "sample": ("sampleid", "sample", "samplename", "samplealias"),
    "feature": (
        "olinkid", "featureid", "feature", "seqid", "analyteid", "analyte", "proteinid",
        "proteingroups", "protein", "marker", "parameter", "measure", "variable", "test",
        "metabolite", "population", "assay", "hormone", "target", "name",
    ),
    "value": (
        "npx", "value", "concentration", "result", "measurement", "level", "intensity", "rfu",
        "abundance", "quantifiedvalue", "numericvalue",
    ),
    "name": ("assay", "name", "proteinname", "targetfullname", "displayname", "description"),
    "gene_name": ("genename", "genesymbol", "symbol", "gene", "entrezgenesymbol"),
    "uniprot": ("uniprot", "uniprotid", "uniprotaccession"),
    "unit": ("unit", "units"),
    "limit": ("lod", "detectionlimit", "limitofdetection", "lloq", "lod_npx", "maxlod", "platelod"),
    "below": ("belowdetection", "belowlod", "belowdetectionlimit", "belowlimit", "censored"),
    "sample_type": ("sampletype",),
    "assay_type": ("assaytype",),
}  # fmt: skip
#: Columns that warn of a measurement; all that are there count.
QC_WORDS = ("qcwarning", "assaywarning", "sampleqc", "assayqc", "qcflag", "qc", "flag")


def loose(name: str) -> str:
    """Return a name without case, spaces, dots, dashes and underscores."""
    return "".join(c for c in name.casefold() if c not in " ._-")


@dataclass(frozen=True)
class LongColumns:
    """Positions of the columns of a long table, from 0; None where it has none.

    Parameters
    ----------
    sample, feature, value : int
    name, gene_name, uniprot, unit, limit, below, sample_type, assay_type : int or None
    qc : tuple of int
    """

    sample: int
    feature: int
    value: int
    name: int | None
    gene_name: int | None
    uniprot: int | None
    unit: int | None
    limit: int | None
    below: int | None
    sample_type: int | None
    assay_type: int | None
    qc: tuple[int, ...]


def long_columns(columns: Sequence[str], sample: int | None = None) -> LongColumns | None:
    """Find the columns of a long table by their names; None where it is no long table.

    Parameters
    ----------
    columns : sequence of str
        The header.
    sample : int, optional
        The column that holds the study's samples, where that is known.
    """
    names = [loose(c) for c in columns]
    found = {key: _first(names, words) for key, words in WORDS.items()}
    sample = found.pop("sample") if sample is None else sample
    feature, value = found.pop("feature"), found.pop("value")
    found.pop("sample", None)
    if sample is None or feature is None or value is None or len({sample, feature, value}) < 3:
        return None
    if found["name"] == feature:
        found["name"] = None
    if found["gene_name"] is None and names[feature] == "olinkid":
        found["gene_name"] = found["name"]  # Olink's assays are called by their genes
    qc = tuple(i for i, name in enumerate(names) if name in QC_WORDS)
    return LongColumns(sample=sample, feature=feature, value=value, qc=qc, **found)


def _first(names: Sequence[str], words: Iterable[str]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)


def qc_flag(text: str | None) -> str:
    """Return what a word of a quality column says, as one of `QC_FLAGS`."""
    word = loose(text or "")
    if word in ("", "pass", "passed", "ok", "none", "na", "nan", "0", "false", "no"):
        return "pass"
    return "fail" if word.startswith(("fail", "exclud")) else "warn"


def says_yes(text: str | None) -> bool:
    """Whether a word of a flag column says that the flag is set."""
    return loose(text or "") in ("1", "true", "yes", "y", "t", "below", "x", "<lod", "belowlod")
