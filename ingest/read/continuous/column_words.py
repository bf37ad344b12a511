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
    found["sample"] = found["sample"] if sample is None else sample
    if found["name"] == found["feature"]:
        found["name"] = None
    if found["gene_name"] is None and names[found["feature"] or 0] == "olinkid":
        found["gene_name"] = found["name"]  # Olink's assays are called by their genes
    needed = {found["sample"], found["feature"], found["value"]}
    if None in needed or len(needed) < 3:
        return None
    qc = tuple(i for i, name in enumerate(names) if name in QC_WORDS)
    return LongColumns(**found, qc=qc)  # type: ignore[arg-type]


def _first(names: Sequence[str], words: Iterable[str]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)


def qc_code(text: str | None) -> float:
    """Return what a word of a quality column says: 0 pass, 1 warning, 2 fail."""
    word = loose(text or "")
    if word in ("", "pass", "passed", "ok", "none", "na", "nan", "0", "false", "no"):
        return 0.0
    return 2.0 if word.startswith(("fail", "exclud")) else 1.0


def says_yes(text: str | None) -> bool:
    """Whether a word of a flag column says that the flag is set."""
    return loose(text or "") in ("1", "true", "yes", "y", "t", "below", "x", "<lod", "belowlod")
