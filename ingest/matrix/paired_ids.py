"""Feature ids that hold an id and a name: `ENSG00000141510.18|TP53`, `TP53|7157`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingest.read.matrix.records import MatrixHeader
from ingest.read.text.delimited import split_line
from ingest.read.text.names import tidy_names

#: Part of what decides whether a file with such ids must be read again.
PAIRED_IDS_VERSION = "pairs-2"
_ENSEMBL = r"ENS[A-Z]{0,5}G[0-9]{11}(?:\.[0-9]+)?(?:_PAR_Y)?"
_PLAIN = rf"^{_ENSEMBL}$"
#: GENCODE writes further ids, of Ensembl and Havana, between id and name.
_FURTHER = r"(?:ENS[A-Z]{0,5}|OTT[A-Z]{3})[GT][0-9]{11}(?:\.[0-9]+)?"
#: What some pipelines write behind the name.
_BIOTYPE = (
    r"(?:protein_coding|lncRNA|lincRNA|antisense(?:_RNA)?|processed_transcript|TEC|ribozyme|sense_\w+"
    r"|(?:sn|sno|mi|sca|s|r|misc_|vault_|Mt_[rt])RNA|(?:\w+_)?pseudogene|(?:IG|TR)_[A-Z]_gene)"
)
#: Ensembl's ids are known wherever they stand; other fields behind the name do not count.
_ENSEMBL_PAIRS = (
    rf"^(?P<id>{_ENSEMBL})[|_;:,/ (.~-]+(?:{_FURTHER}[|;]+)*(?P<name>[^|;)]*?)(?:_{_BIOTYPE})?"
    r"\)?(?:[|;].*)?$",
    rf"^(?P<name>[^|;]*?)[|_;:,/ (.~-]+(?P<id>{_ENSEMBL})\)?$",
)
#: TCGA's symbols with NCBI's numbers, and the other way round; the prefix of NCBI's GFF3; numbers
#: that a data frame gave decimals.
_NUMBER_PAIRS = (
    r"^(?P<name>[^|]*)\|(?P<id>[0-9]+)(?:\|.*)?$",
    r"^(?P<id>[0-9]+)\|(?P<name>[^|]*)(?:\|.*)?$",
    r"^(?P<name>gene)-(?P<id>.+)$",
    r"^(?P<id>[0-9]+)\.(?P<name>0)$",
)
#: Parts that name nothing.
_NO_NAME = pa.array(["?", "gene", "PAR_Y", "None", ".", "0"])
#: This share of a file's first ids has to be such a pair with a number.
_MOST = 0.5


def split_pairs(ids: Any, with_numbers: str | None) -> tuple[Any, Any, int]:
    """Split ids that are pairs; the others stay as they are, without a name.

    Parameters
    ----------
    ids : pa.StringArray
        (rows,)
    with_numbers : str or None
        The pattern of pairs with NCBI's numbers that the file has, see `number_pattern`.

    Returns
    -------
    tuple
        The ids, the names (null where an id is no pair or names nothing), and how many were
        pairs.
    """
    plain = pc.match_substring_regex(ids, pattern=_PLAIN)
    names = pa.nulls(len(ids), pa.string())
    split = pa.array([False] * len(ids))
    new = ids
    for pattern in (*_ENSEMBL_PAIRS, *([with_numbers] if with_numbers else [])):
        parts = pc.extract_regex(ids, pattern=pattern)
        hit = pc.and_(pc.is_valid(parts), pc.invert(pc.or_(plain, split)))
        if not pc.any(hit).as_py():
            continue
        new = pc.if_else(hit, pc.struct_field(parts, "id"), new)
        name = tidy_names(pc.struct_field(parts, "name"))
        said = pc.and_(hit, pc.invert(pc.is_in(name, value_set=_NO_NAME)))
        names = pc.if_else(said, name, names)
        split = pc.or_(split, hit)
    return new, names, int(pc.sum(split).as_py() or 0)


def number_pattern(ids: Any) -> str | None:
    """Return the pattern of pairs with numbers that most ids have; None where they have none.

    Parameters
    ----------
    ids : pa.StringArray
        The first ids of a file.
    """
    for pattern in _NUMBER_PAIRS:
        hits = pc.sum(pc.match_substring_regex(ids, pattern=pattern)).as_py() or 0
        if hits > _MOST * len(ids):
            return pattern
    return None


def has_pairs(header: MatrixHeader) -> bool:
    """Whether the first ids of a file are pairs; no value is read.

    Parameters
    ----------
    header : MatrixHeader
    """
    ids = pa.array(list(_first_ids(header)), pa.string())
    return len(ids) > 0 and split_pairs(ids, number_pattern(ids))[2] > 0


def _first_ids(header: Any) -> Iterable[str]:
    rows = getattr(header, "first_rows", None)
    if rows is not None:
        for line in rows.lines:
            try:
                cells = split_line(
                    line.decode("utf-8", "replace").rstrip("\r\n"),
                    header.format.delimiter,
                    header.path,
                    0,
                )
            except Exception:  # the reader says what is wrong with the line
                continue
            if len(cells) >= header.id_field:
                yield cells[header.id_field - 1].strip()
        return
    features = getattr(header, "features", None)
    if features is not None:
        yield from (one for one in features[:100].to_pylist() if one)
