"""Columns of a manifest: where its table starts, and which of them means what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import nearest
from ingest.read.manifest.comments import Comments, comments_above
from ingest.read.text.delimited import split_line
from ingest.read.text.raw_file import RawFile
from ingest.read.text.text_columns import TextTable, table_stem

#: Names a column may have, the manifests' own first; upper and lower case are the same.
NAMES: dict[str, tuple[str, ...]] = {
    "ilmn_id": ("IlmnID",),
    "name": ("Name",),
    "probe_id": ("probe_id", "probeID", "probe", "TargetID", "target_id", "cpg", "cpg_id", "ID"),
    "design_type": (
        *("Infinium_Design_Type", "design_type", "Infinium_Design", "designType", "Type"),
    ),
    "chromosome": (
        *("CHR", "chromosome", "seqnames", "CpG_chrm", "chrm", "chrom", "CHR_hg19", "CHR_hg38"),
    ),
    "position": ("MAPINFO", "position", "pos", "coordinate"),
    "base_before": ("CpG_beg", "beg"),  # counted from 0, as in BED: the base before the position
    "range_start": ("start",),  # R's GRanges; counts beside `seqnames` only
    "genome_build": ("Genome_Build", "build"),
    "strand": ("Strand", "Strand_FR", "probe_strand"),
    "gene": (
        "UCSC_RefGene_Name",
        "gene_name",
        "gene",
        "genesUniq",
        "geneNames",
        "gene_HGNC",
        "Symbol",
    ),
    "accession": ("UCSC_RefGene_Accession",),
    "region": ("UCSC_RefGene_Group", "region"),
    "island": ("Relation_to_UCSC_CpG_Island", "Relation_to_Island", "island", "CGIposition"),
    "island_name": ("UCSC_CpG_Islands_Name", "Islands_Name", "island_name", "CGI"),
    "mask": ("MASK_general", "M_general"),
}
#: Roles of the columns that name a probe.
PROBE_IDS = ("ilmn_id", "name", "probe_id")
#: Columns worth a word when they are not there, and what goes without them.
_MISSED = {
    "design_type": "design types",
    "chromosome": "chromosomes",
    "position": "positions",
    "gene": "genes",
    "island": "CpG islands",
}
#: Roles that stand for the position where there is no column of it.
_ALSO_POSITIONS = ("base_before", "range_start")
_MOST_HEADING_LINES = 200


@dataclass(frozen=True)
class ManifestHeader:
    """What the first lines of a manifest say.

    Parameters
    ----------
    table : TextTable
        Where the rows of the probes stand.
    manifest : str
        `Descriptor File Name` of the heading without its ending, else the file's name without.
    heading : str
        `Descriptor File Name` as it stands; empty where there is no heading.
    fields : dict of str to int
        Role (a key of `NAMES`) and index of its column, for the columns that are there.
    notes : tuple of str
        What the user should know.
    """

    table: TextTable
    manifest: str
    heading: str
    fields: dict[str, int]
    notes: tuple[str, ...]

    def column(self, role: str) -> str:
        """Return the name in the header of the column that has a role."""
        return self.table.columns[self.fields[role]]


def read_manifest_header(path: Path) -> ManifestHeader:
    """Find the table of a manifest and its columns.

    A file whose first line starts with `Illumina` or `[Heading]` is in Illumina's layout: the
    table's header follows the line `[Assay]` and its rows end at `[Controls]` or with the file.
    Any other file is a table from its first line on that is no comment; GEO's platform tables
    have such above them, and perhaps lines where the table begins and ends.

    Parameters
    ----------
    path : Path
        csv, tsv or semicolons, compressed or not.

    Raises
    ------
    IngestError
        The file is no text, has no header where one should stand, names a column twice, or no
        column holds the probes' ids.
    """
    with RawFile(path) as file:
        start, form = file.lines(_MOST_HEADING_LINES), file.text_format()
        at = _assay_line(path, start)
        above = comments_above(file) if at is None else Comments()
        if above.lines:
            start = file.lines(above.lines + 2)
    line, heading, end = above.lines + 1, "", above.end
    if at is not None:
        line, heading, end = at + 1, _descriptor(start[: at - 1]), "[Controls]"
    text = start[line - 1] if line <= len(start) else ""
    if line > 1:  # the lines above need not have the table's separator
        form = replace(form, delimiter=max(",\t;", key=text.count))
    columns = [n.strip() for n in split_line(text, form.delimiter, path, line)]
    if not any(columns) or columns[0].startswith("["):
        raise IngestError(
            "no header follows the line [Assay]" if at is not None else "there is no header",
            file=path,
            line=line,
            expected="the names of the columns: IlmnID, Name, ...",
            found=text[:60] or "nothing",
            hint="give the manifest as Illumina publishes it (csv), or a table with a header",
        )
    if at is None and len(start) > line:
        n_fields = len(split_line(start[line], form.delimiter, path, line + 1))
        if n_fields == len(columns) + 1:  # R leaves the corner over its row names out
            columns = ["", *columns]
    table = TextTable(path, form, tuple(columns), line, end)
    fields = _fields(table)
    missed = [what for role, what in _MISSED.items() if role not in fields]
    if not fields.keys().isdisjoint(_ALSO_POSITIONS) and "positions" in missed:
        missed.remove("positions")
    note = f"{path.name}: no column says the probes' {', '.join(missed)}"
    name = heading.removesuffix(".bpm").removesuffix(".csv") or table_stem(path)
    return ManifestHeader(table, name, heading, fields, (note,) if missed else ())


def _assay_line(path: Path, start: list[str]) -> int | None:
    """Return the line of [Assay], from 1; None for a plain table."""
    words = [line.lstrip('"').lower() for line in start]
    sections = [word for word in words if word.startswith("[")]
    first = words[0] if words else ""
    if not first.startswith("[heading]") and not (first.startswith("illumina") and sections):
        return None
    for number, word in enumerate(words, start=1):
        if word.startswith("[assay]"):
            return number
    raise IngestError(
        "the manifest has no section [Assay]",
        file=path,
        expected=f"a line that starts with [Assay] among the first {_MOST_HEADING_LINES}",
        found=", ".join(sections[:5]) or "no section",
        hint="check that the download went through to the end",
    )


def _descriptor(heading: list[str]) -> str:
    for line in heading:
        key, _, value = line.replace("\t", ",").replace(";", ",").partition(",")
        if key.strip(' "').lower() == "descriptor file name":
            return value.split(",")[0].strip(' "')
    return ""


def _fields(table: TextTable) -> dict[str, int]:
    lower = [name.lower().lstrip("#").strip() for name in table.columns]
    fields: dict[str, int] = {}
    for role, names in NAMES.items():
        name = next((n.lower() for n in names if n.lower() in lower), None)
        if name is None:
            continue
        if role == "range_start" and "seqnames" not in lower:
            continue
        fields[role] = lower.index(name)
        if lower.count(name) > 1:
            raise IngestError(
                f"two columns are named `{table.columns[fields[role]]}`",
                file=table.path,
                line=table.header_line,
                expected="every column name once",
                hint="rename or remove one of them",
            )
    if not any(role in fields for role in PROBE_IDS) and table.columns[0] == "":
        fields["probe_id"] = 0  # R's row names
    if not any(role in fields for role in PROBE_IDS):
        near = nearest("IlmnID", table.columns)
        raise IngestError(
            "no column holds the probes' ids",
            file=table.path,
            line=table.header_line,
            expected="a column IlmnID, Name or probe_id",
            found=", ".join(table.columns[:8]),
            hint=f"is it `{near}`? Rename it" if near else "the first line must name the columns",
        )
    return fields
