"""Genes of a reference, put together from the rows of one or several files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ENSEMBL = re.compile(r"(ENS[A-Z]{0,6}[0-9]{11})(?:\.[0-9]+)?(_PAR_Y)?")
_HGNC = re.compile(r"(?:HGNC:)?([0-9]+)", re.IGNORECASE)
_HUMAN_REFSEQ = re.compile(r"NC_0000(\d\d)\.\d+")
_NOT_SAID = frozenset({"", "-", ".", "NA", "N/A", "nan", "NaN", "null", "NEWENTRY", "?"})


@dataclass
class Gene:
    """One gene; what is not said is None.

    Parameters
    ----------
    symbol : str or None
        Its current symbol.
    ensembl : list of str
        Ensembl ids without version, the first said first.
    entrez_id, hgnc_id : str or None
        Numbers of NCBI, and `HGNC:5`.
    chromosome, strand, biotype : str or None
    start, end : int or None
        First and last base, from 1.
    previous, aliases, proteins : set of str
        Former symbols, other names, and Ensembl's proteins.
    """

    symbol: str | None = None
    ensembl: list[str] = field(default_factory=list)
    entrez_id: str | None = None
    hgnc_id: str | None = None
    chromosome: str | None = None
    start: int | None = None
    end: int | None = None
    strand: str | None = None
    biotype: str | None = None
    previous: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    proteins: set[str] = field(default_factory=set)

    def fill(self, other: Gene) -> None:
        """Take from another what is not said here; ids and names are joined."""
        if other.symbol is not None and self.symbol not in (None, other.symbol):
            self.aliases.add(other.symbol)
        if self.start is None:  # a place is taken whole
            self.start, self.end = other.start, other.end
            self.strand = other.strand or self.strand
        for name in ("symbol", "entrez_id", "hgnc_id", "chromosome", "strand", "biotype"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))
        self.ensembl += [one for one in other.ensembl if one not in self.ensembl]
        self.previous |= other.previous
        self.aliases |= other.aliases
        self.proteins |= other.proteins

    def disagrees(self, other: Gene) -> bool:
        """Whether two genes have different ids of one kind, so that a shared name says nothing."""
        pairs = ((self.entrez_id, other.entrez_id), (self.hgnc_id, other.hgnc_id))
        if any(a is not None and b is not None and a != b for a, b in pairs):
            return True
        return bool(self.ensembl and other.ensembl) and not set(self.ensembl) & set(other.ensembl)


class GeneCollector:
    """Puts rows of the same gene together, whichever file they come from.

    The same are rows with the same Entrez or HGNC number, the same Ensembl id (unless their
    numbers differ), and the same symbol where no id differs.
    """

    def __init__(self) -> None:
        self.genes: list[Gene] = []
        self._by: dict[tuple[str, str], list[Gene]] = {}

    def add(self, gene: Gene) -> None:
        """Add one row."""
        known = self._find(gene)
        if known is None:
            known = gene
            self.genes.append(gene)
        else:
            known.fill(gene)
        for key in _keys(gene):
            its = self._by.setdefault(key, [])
            if all(one is not known for one in its):
                its.append(known)

    def _find(self, gene: Gene) -> Gene | None:
        for key in _keys(gene):
            for known in self._by.get(key, ()):
                strong = key[0] in ("entrez", "hgnc")
                if strong or not known.disagrees(gene):
                    return known
                if key[0] == "ensembl" and not _numbers_differ(known, gene):
                    return known
        return None


def _numbers_differ(a: Gene, b: Gene) -> bool:
    pairs = ((a.entrez_id, b.entrez_id), (a.hgnc_id, b.hgnc_id))
    return any(x is not None and y is not None and x != y for x, y in pairs)


def _keys(gene: Gene) -> Iterable[tuple[str, str]]:
    if gene.entrez_id is not None:
        yield "entrez", gene.entrez_id
    if gene.hgnc_id is not None:
        yield "hgnc", gene.hgnc_id
    for one in gene.ensembl:
        yield "ensembl", one
    if gene.symbol is not None:
        yield "symbol", gene.symbol


def said(cell: str | None) -> str | None:
    """Return a cell without white space and quotes, None where it says nothing."""
    bare = "" if cell is None else cell.strip().strip('"').strip()
    return None if bare in _NOT_SAID else bare


def ensembl_id(cell: str | None) -> str | None:
    """Return an Ensembl id without its version, None where the cell holds another name."""
    found = _ENSEMBL.fullmatch(said(cell) or "")
    return None if found is None else found[1] + (found[2] or "")


def entrez_id(cell: str | None) -> str | None:
    """Return NCBI's number of a gene, None where the cell holds something else."""
    bare = said(cell) or ""
    bare = bare.removesuffix(".0")  # R's and Excel's numbers
    return bare if bare.isdigit() else None


def hgnc_id(cell: str | None) -> str | None:
    """Return HGNC's number of a gene as `HGNC:5`."""
    found = _HGNC.fullmatch((said(cell) or "").replace("HGNC:HGNC:", "HGNC:"))
    return None if found is None else f"HGNC:{found[1]}"


def chromosome(cell: str | None) -> str | None:
    """Return a chromosome as 1 to 22, X, Y, M, or the name of another sequence as it is."""
    bare = said(cell)
    if bare is None:
        return None
    refseq = _HUMAN_REFSEQ.fullmatch(bare)
    if refseq is not None:
        number = int(refseq[1])
        return {23: "X", 24: "Y"}.get(number, str(number))
    if bare.startswith("NC_012920"):
        return "M"
    bare = re.sub(r"^chr(?=[0-9XYM])", "", bare, flags=re.IGNORECASE)
    return "M" if bare.upper() in ("MT", "M", "MITOCHONDRIA") else bare
