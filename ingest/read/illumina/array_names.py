"""Column names of methylation array tables: the quantity and the sample that they say.

GenomeStudio writes `S1.AVG_Beta`, `S1.Signal_A`, `S1.Detection Pval`; files at GEO write
`S1, Detection Pval, S2, Detection Pval`, `S1 Unmethylated Signal` and many spellings of these.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_P_VALUE = r"p[ ._-]?val(?:ue)?s?"
_DETECTION = rf"\(?det(?:ect(?:ion|ed)?)?[ ._-]?(?:{_P_VALUE}|p)\)?|p?oobah(?:[ ._-]?{_P_VALUE})?"
_SIGNAL = r"(?:ylated)?(?:[ ._-]?(?:signal|intensity)(?:[ ._-]?intensity)?)?"
#: Last words of a column's name; Illumina's signal A is the unmethylated one.
_QUANTITIES = {
    "value": r"(?:avg|average)[ ._]?beta(?:[ ._]?values?)?|beta(?:[ ._]?values?)?",
    "detection_p": rf"{_DETECTION}|{_P_VALUE}",
    "bead_count": r"(?:avg[ ._]?)?nbeads",
    "bead_count_a": r"(?:avg[ ._]?)?nbeads[ ._]?a",
    "bead_count_b": r"(?:avg[ ._]?)?nbeads[ ._]?b",
    "unmethylated": rf"unmeth{_SIGNAL}|signal[ ._]?a",
    "methylated": rf"meth{_SIGNAL}|signal[ ._]?b",
    # Of a sample, but of no use here.
    "": r"intensity|(?:bead[ ._]?)?std(?:err|ev)(?:[ ._]?[ab])?|signal[ ._]?(?:grn|green|red)",
}
# R, readr and pandas number names that repeat: `Detection.Pval.1`, `Detection Pval...5`.
_BARE = {q: re.compile(rf"(?:{p})(?:[ ._]+\d+)?", re.IGNORECASE) for q, p in _QUANTITIES.items()}
_PREFIXED = {
    q: re.compile(rf"(?P<sample>.*?\S)[ ._:|-]+(?:{p})", re.IGNORECASE)
    for q, p in _QUANTITIES.items()
}
#: `cbind(betas, detP = detP)` in R puts the quantity before the sample.
_LED = {
    q: re.compile(rf"(?:{_QUANTITIES[q]})[ ._:|-]+(?P<sample>\S.*)", re.IGNORECASE)
    for q in ("detection_p", "value")
}
_ANY = re.compile(r"beta|val|det|beads|signal|intensity|meth|std|oobah", re.IGNORECASE)
_TELLING = re.compile(r"(avg|average)[ ._]?beta|det(ection)?[ ._-]?p|nbeads", re.IGNORECASE)

#: Columns of probe ids, the best first.
ID_COLUMNS = ("targetid", "id_ref", "ilmnid", "name", "probeid", "probe_id", "probe", "cpg", "id")
_ANNOTATION = re.compile(
    r"index|probe_?id(_[ab])?|ilmnid|name|targetid|id_ref|address[ab]?_.*|allele[ab]_.*"
    r"|chr(omosome)?(_3[67])?|mapinfo|coordinate(_3[67])?|position|start|end|strand|genome_build"
    r"|source(seq|_?version)?|infinium_design.*|design_type|next_base|color_channel"
    r"|forward_sequence|probe_snps.*|random_loci|methyl27_loci|ucsc_.*|refgene_.*|relation_to_.*"
    r"|.*cpg_islands?.*|phantom.*|dmr|enhancer|hmm_island|regulatory_feature.*|dhs"
    r"|gene(_?(id|name|symbol))?|symbol|accession|synonym|annotation|product|distance_to_tss|gid"
    r"|ploidy|species|definition"
)


class ColumnName(NamedTuple):
    """What a name says.

    Parameters
    ----------
    quantity : str or None
        As in `TextMatrixHeader.fields`; empty for one of no use; None where it names none.
    sample : str or None
        The sample before it; None where the name is the quantity alone.
    """

    quantity: str | None
    sample: str | None


def parse_name(name: str) -> ColumnName:
    """Return the quantity a column's name ends in and the sample before it.

    Parameters
    ----------
    name : str
        Such as `S1.AVG_Beta` or `Detection Pval`.
    """
    if _ANY.search(name):
        for quantity, pattern in _BARE.items():
            if pattern.fullmatch(name):
                return ColumnName(quantity, None)
        for quantity, pattern in _PREFIXED.items():
            match = pattern.fullmatch(name)
            if match:
                return ColumnName(quantity, match["sample"])
        for quantity, pattern in _LED.items():
            match = pattern.fullmatch(name)
            if match:
                return ColumnName(quantity, match["sample"])
    return ColumnName(None, None)


def is_telling(name: str) -> bool:
    """Whether only array tables have columns of such names (AVG_Beta, Detection Pval, NBEADS)."""
    return _TELLING.search(name) is not None and bool(parse_name(name).quantity)


def is_about_probe(name: str) -> bool:
    """Whether a column describes the probes (`CHR`, `MAPINFO`, `UCSC_REFGENE_NAME`, ...)."""
    return _ANNOTATION.fullmatch(re.sub(r"[ .]+", "_", name.strip().lower())) is not None
