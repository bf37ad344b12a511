"""Annotation columns of a matrix: what stands about the features beside the samples.

A column that the sample sheet knows is a sample. Of the others those are annotation that bear a
well-known name (Length, gene_biotype, description, ...) or hold nothing but text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.read.matrix.feature_ids import is_feature_id
from ingest.read.text.cell_errors import EXCEL_DATE, MISSING_WORDS
from ingest.read.text.names import is_gene_name_column

#: Columns of feature ids, the best first.
_ID_NAMES = (
    *("gene_id", "geneid", "ensembl_gene_id", "ensembl_id", "ensembl", "ensembl_gene", "ensg"),
    *("feature_id", "featureid", "feature", "id", "id_ref", "entrezgene_id", "entrez_id"),
    *("entrezgene", "entrez_gene_id", "entrez", "gene", "gene_name", "gene_symbol", "symbol"),
)
#: Columns of gene names besides those of `is_gene_name_column`; the last two may hold ids.
_NAMES = (
    "external_gene_name",
    "associated_gene_name",
    "mgi_symbol",
    "ext_gene",
    "gene_short_name",
    "gene",
    "name",
)
_ABOUT = re.compile(
    r"chr|chrom|chromosome(_(name|scaffold_name))?|seqnames?|seqid|contig|scaffold|strand|width"
    r"|(gene_|transcript_)?(start|end|stop)(_position|_bp)?|(gene_)?(position|pos|coordinates?)"
    r"|((gene|transcript|tx|exon|exonic|eff|effective|merged|median|mean|union)_?)*len(gth)?(_\w+)?"
    r"|gc|(percentage_|gene_)*gc_?(content|percent)(_\w+)?|(gene_|transcript_)?(bio)?type|biotype"
    r"|(gene_|feature_)?(class|category|level|source|status)|(gene_)?(description|desc|full_?name)"
    r"|definition|product|tax_?id|annotation|locus(_\w+)?|location|(map_)?location|cytoband|band"
    r"|(row_?|grand_?)?(totals?|sums?|means?|medians?|average|avg)(_?(counts?|reads|expression))?"
    r"|base_?mean|log_?2?_?(fc|fold_?change)|lfc_?se|log_?cpm|p_?val(ue)?|p_?adj|adj_?p(_val)?|fdr"
    r"|q_?val(ue)?|(tx|transcript|isoform)_counts?|n_?(tx|transcripts|isoforms)|tss"
    r"|(n_|number_of_)?exons?(_?counts?|s|_number|ic)?|class_code|havana_gene|tag|tss_id|version"
    r"|alias(es)?|synonyms?|accession|refseq(_\w+)?|uniprot(_\w+)?|hgnc(_\w+)?|mgi(_\w+)?|ncbi_\w+"
    r"|unigene(_id)?|ucsc(_\w+)?|kegg(_\w+)?|go|go_\w+|pathways?|pfam(_\w+)?|orthologs?|dbxrefs?"
    r"|tx|tx_?(id|name)|transcripts?|(transcript|gene)_?(stable_)?(ids?|version|name)(_\w+)?"
    r"|nearest_ref_id|tracking_id|target_id|probe_?ids?|ensembl(_\w+)?|entrez\w*|feature_?type"
    r"|row_?names?|index|unnamed_\d+"
)
#: Names of a first column that only numbers the rows.
_NUMBERED = ("", "x", "index", "unnamed_0", "row", "row_name", "rowname", "no", "nr")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|nan", re.IGNORECASE)
#: Cells that were numbers once, or say that one is missing: what is wrong with them is for the
#: reader to say.
_BROKEN = re.compile(
    rf"[\s\d.,'+%<>=_-]+|#.*|0x[\da-f.p+-]+|null|none|n/?a|\d+e\d+|{EXCEL_DATE.removeprefix('(?i)')}",
    re.IGNORECASE,
)
#: What makes a cell text: a letter, values joined by `;` or `|`, or the strand `+`.
_TEXT = re.compile(r"[^\W\d_]|[;|]|^\+$")


@dataclass(frozen=True)
class ColumnRoles:
    """What the columns of a matrix are.

    Parameters
    ----------
    id_field, name_field : int
        Fields (from 1) of the feature ids and of the gene names; 0 where there is no name.
    sample_fields : tuple of int
        Fields of the samples.
    passed_over : tuple of str
        Names of the columns that are neither.
    text : tuple of (int, str)
        Fields that the sheet does not know, and that hold numbers and a text, which is given.
    """

    id_field: int
    name_field: int
    sample_fields: tuple[int, ...]
    passed_over: tuple[str, ...] = ()
    text: tuple[tuple[int, str], ...] = ()


def column_roles(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    is_sample: Callable[[str], bool],
    sheet_known: bool,
) -> ColumnRoles:
    """Tell ids, gene names, samples and annotation of a matrix apart.

    Parameters
    ----------
    names : sequence of str
        Of all columns, in order; at least two.
    rows : sequence of sequence of str
        The first rows, each with as many cells.
    is_sample : callable
        Whether the sample sheets know a column's name.
    sheet_known : bool
        Whether there are sheets at all; without, only well-known names are annotation.
    """
    normal = [_normal(name) for name in names]
    about, text = [], []
    for i, name in enumerate(names):
        cells = [row[i].strip() for row in rows]
        if i == 0 or is_sample(name) or not name:
            continue
        words = [cell for cell in cells if _is_text(cell)]
        filled = sum(cell not in MISSING_WORDS for cell in cells)
        is_text = sheet_known and 0 < len(words) == filled
        if is_text or (_is_about(normal[i]) and (words or sheet_known)):
            about.append(i)
        elif sheet_known and words:
            text.append((i + 1, words[0]))
    id_place = _id_place(names, normal, rows, about, is_sample)
    left = [i for i in (0, *about) if i != id_place]
    name_place = _name_place(names, normal, rows, left)
    passed = [names[i] or "the first column" for i in left if i != name_place]
    samples = [i + 1 for i in range(1, len(names)) if i not in about]
    return ColumnRoles(
        id_place + 1,
        0 if name_place is None else name_place + 1,
        tuple(samples),
        tuple(passed),
        tuple(text),
    )


def is_about_features(name: str) -> bool:
    """Whether a column of this name says something about the features (`gene_id`, `Length`)."""
    return _is_about(_normal(name))


def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _is_about(normal: str) -> bool:
    known = _ABOUT.fullmatch(normal) or normal in _ID_NAMES or normal in _NAMES
    return bool(known) or is_gene_name_column(normal)


def _is_text(cell: str) -> bool:
    """Whether a cell is text that never was one number."""
    if cell in MISSING_WORDS or _NUMBER.fullmatch(cell):
        return False
    return bool(_TEXT.search(cell)) and (cell == "+" or not _BROKEN.fullmatch(cell))


def _id_place(
    names: Sequence[str],
    normal: Sequence[str],
    rows: Sequence[Sequence[str]],
    about: Sequence[int],
    is_sample: Callable[[str], bool],
) -> int:
    """Return which column holds the ids: the first, unless it says something else of the genes."""
    ids = [i for word in _ID_NAMES for i in about if normal[i] == word]
    ensembl = [i for i in about if rows and all(is_feature_id(row[i]) for row in rows)]
    if (not ids and not ensembl) or is_sample(names[0]):
        return 0
    first = [row[0].strip() for row in rows]
    numbered = normal[0] in _NUMBERED and all(cell.isdigit() for cell in first)
    other = _ABOUT.fullmatch(normal[0]) is not None and not any(map(is_feature_id, first))
    other = other and normal[0] not in _ID_NAMES and not normal[0].startswith(("gene", "ensembl"))
    named = is_gene_name_column(names[0]) and bool(ensembl)
    if not (numbered or other or named):
        return 0
    best = [i for i in ids if i in ensembl] or ensembl or ids
    return best[0]


def _name_place(
    names: Sequence[str],
    normal: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Sequence[int],
) -> int | None:
    """Return which column holds the genes' names."""
    sure = [i for i in left if is_gene_name_column(names[i])]
    if sure:
        return sure[0]
    words = [word for word in _NAMES if word in normal]
    words += ["description"] if normal[0] == "name" else []  # as Broad's GCT has them
    for i in [i for word in words for i in left if normal[i] == word]:
        if rows and all(_is_symbol(row[i].strip()) for row in rows if row[i].strip()):
            return i
    return None


def _is_symbol(cell: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.@/-]*", cell)) and not is_feature_id(cell)
