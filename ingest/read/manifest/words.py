"""Cells of a manifest: builds, chromosomes, positions, strands, design types.

Each function takes a column as text, (rows,), and returns it in the terms of the table `probe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.manifest.columns import ManifestHeader

_BUILD = re.compile(r"(?:grch|ncbi|build)?\s*(36|37|38)(?:\.0|\.p\d+)?|hg(18|19|38)", re.IGNORECASE)
_HG = {"36": "hg18", "37": "hg19", "38": "hg38"}
_CHROMOSOMES = (
    {str(n): str(n) for n in range(1, 23)}
    | {c: c for c in "XYM"}
    | {"MT": "M", "23": "X", "24": "Y"}
)
#: Words in place of a chromosome or strand for a probe that has none.
_NOWHERE = frozenset({"0", "*", ".", "-1"})
_STRANDS = {"F": "F", "R": "R", "+": "F", "-": "R"}  # forward is the genome's plus strand
_TYPE = re.compile(r"^(infinium|type)[ _-]*", re.IGNORECASE)
_DESIGN_TYPES = {"I": "I", "II": "II", "1": "I", "2": "II"}


@dataclass
class Cells:
    """The columns of one manifest, and what there is to say about them.

    Parameters
    ----------
    header : ManifestHeader
        Of the file.
    frame : pl.DataFrame
        Its columns as text, named by their role.
    notes : list of str
        Filled while the columns are read.
    """

    header: ManifestHeader
    frame: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    def text(self, role: str) -> pl.Series:
        """Return a column as text; nulls where the file has no such column."""
        if role in self.frame.columns:
            return self.frame[role]
        return pl.Series(role, [None] * self.frame.height, dtype=pl.String)

    def note(self, text: str) -> None:
        """Remember something to tell, with the file's name before it."""
        self.notes.append(f"{self.header.table.path.name}: {text}")

    def note_unknown(self, role: str, unknown: pl.Series, what: str) -> None:
        """Tell how many cells of a column hold words with no meaning, and show one."""
        n = int(unknown.sum())
        if n:
            row = int(unknown.arg_max() or 0)
            found = self.text(role)[row]
            self.note(
                f"{what} in {counted(n, 'row')}, for example `{found}` on line "
                f"{self.header.table.line(row)} in the column {self.header.column(role)}"
            )

    def refuse(self, role: str, wrong: pl.Series, problem: str, expected: str) -> None:
        """Raise an error for the first row that is wrong, if one is."""
        if wrong.any():
            self._raise(role, int(wrong.arg_max() or 0), problem, expected)

    def _raise(self, role: str, row: int, problem: str, expected: str) -> NoReturn:
        word = self.text(role)[row]
        raise IngestError(
            problem,
            file=self.header.table.path,
            line=self.header.table.line(row),
            column=self.header.column(role),
            expected=expected,
            found="nothing" if word is None else f"`{word}`",
        )


def translated(words: pl.Series, translate: Callable[[str], str | None]) -> pl.Series:
    """Replace every word; each different one is looked up once.

    Parameters
    ----------
    words : pl.Series
        (rows,) text; null stays null.
    translate : callable
        The word's translation, or None where it has none.
    """
    table = {word: translate(word) for word in words.drop_nulls().unique()}
    return words.replace_strict(table, default=None, return_dtype=pl.String)


def design_types(cells: Cells) -> pl.Series:
    """Return the Infinium design types, I or II.

    Raises
    ------
    IngestError
        Another word stands there.
    """
    text = cells.text("design_type")
    types = translated(text, lambda word: _DESIGN_TYPES.get(_TYPE.sub("", word).upper()))
    cells.refuse(
        "design_type",
        text.is_not_null() & types.is_null(),
        "this is no Infinium design type",
        "I or II, or nothing",
    )
    return types


def strands(cells: Cells) -> pl.Series:
    """Return the strands, F or R."""
    text = cells.text("strand")
    found = translated(text, lambda word: _STRANDS.get(word.upper()))
    unknown = text.is_not_null() & found.is_null() & ~text.is_in(list(_NOWHERE))
    cells.note_unknown("strand", unknown, "no strand could be read")
    return found


def chromosomes(cells: Cells) -> pl.Series:
    """Return the chromosomes, 1 to 22, X, Y or M; null for unmapped probes and other sequences."""
    text = cells.text("chromosome")
    bare = text.str.replace(r"(?i)^chr", "").str.to_uppercase()
    found = translated(bare, _CHROMOSOMES.get)
    unknown = text.is_not_null() & found.is_null() & ~bare.is_in(list(_NOWHERE))
    cells.note_unknown("chromosome", unknown, "no chromosome of 1 to 22, X, Y, M")
    return found


def positions(cells: Cells, chromosome: pl.Series) -> pl.Series:
    """Return the 1-based positions as 64-bit integers; null where 0 stands or no chromosome.

    Without a column of positions, sesame's `CpG_beg` is the base before (Zhou, Laird & Shen 2017,
    doi 10.1093/nar/gkw967), and `start` beside R's `seqnames` the position itself.

    Parameters
    ----------
    cells : Cells
        The manifest.
    chromosome : pl.Series
        (rows,), from `chromosomes`.

    Raises
    ------
    IngestError
        A cell is no whole number, or below 0.
    """
    roles = ("position", "base_before", "range_start")
    role = next((role for role in roles if role in cells.frame.columns), "position")
    text = cells.text(role)
    nowhere = ["*", ".", "-1"] if role == "base_before" else ["*", "."]
    bare = pl.select(pl.when(~text.is_in(nowhere)).then(text)).to_series()
    number = bare.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    cells.refuse(
        role,
        bare.is_not_null() & (number.is_null() | (number < 0)).fill_null(True),
        "the position is not a number of bases",
        "a whole number such as 53468112",
    )
    if role == "base_before":
        number = number + 1
    on_map = chromosome.is_not_null() & (number > 0)
    if "chromosome" not in cells.frame.columns:
        on_map = number > 0
    return pl.select(pl.when(on_map).then(number)).to_series()


def genome_builds(
    cells: Cells, probe_ids: pl.Series, chromosome: pl.Series, platform: str | None
) -> pl.Series:
    """Return the genome builds of the positions, hg18, hg19 or hg38.

    Without a column for it the build follows from the heading's `Descriptor File Name`, else from
    the platform: hg38 for EPIC v2, hg19 for the 450K array and EPIC v1. Sesame's manifests come
    in several builds for each array: of these the file's name says it (`EPIC.hg38.manifest`). In
    the 450K manifests the column says 36 for the `ch.` probes although their CHR and MAPINFO are
    those of build 37 like all others (so Illumina's own list of column headings, and their
    Coordinate_36 differs); in a file whose other probes are all of build 37 they are taken as
    such.

    Parameters
    ----------
    cells : Cells
        The manifest.
    probe_ids, chromosome : pl.Series
        (rows,)
    platform : str or None
        450K, EPIC or EPICv2.

    Raises
    ------
    IngestError
        A cell names no build of 36, 37, 38.
    """
    if "genome_build" not in cells.frame.columns:
        build = _build_of(cells, platform) if chromosome.is_not_null().any() else None
        return pl.select(pl.when(chromosome.is_not_null()).then(pl.lit(build))).to_series()
    text = cells.text("genome_build")
    builds = translated(text, _build)
    cells.refuse(
        "genome_build",
        text.is_not_null() & builds.is_null(),
        "this is no genome build that is known here",
        "36, 37 or 38 (also GRCh38, hg38)",
    )
    non_cpg = probe_ids.str.starts_with("ch.") & (builds == "hg18").fill_null(False)
    others = set(builds.filter(~non_cpg).drop_nulls().unique())
    if non_cpg.any() and others == {"hg19"}:
        cells.note(
            f"{counted(int(non_cpg.sum()), 'ch. probe')} of build "
            "36 by the manifest are taken as hg19: their CHR and MAPINFO are of build 37"
        )
        builds = pl.select(pl.when(non_cpg).then(pl.lit("hg19")).otherwise(builds)).to_series()
    return builds


def _build(word: str) -> str | None:
    found = _BUILD.fullmatch(word.strip())
    if found is None:
        return None
    return _HG[found[1]] if found[1] else f"hg{found[2]}"


def _build_of(cells: Cells, platform: str | None) -> str | None:
    in_column = re.search(r"hg(19|38)", cells.header.column("chromosome"), re.IGNORECASE)
    if in_column is not None:
        return in_column[0].lower()
    if "base_before" in cells.header.fields:
        return _build_in_name(cells)
    heading = cells.header.heading
    for source, word in (("the heading", heading), ("the platform", platform or "")):
        if re.search(r"epic.*v[._-]?2", word, re.IGNORECASE):
            build = "hg38"
        elif re.search(r"epic|450", word, re.IGNORECASE):
            build = "hg19"
        else:
            continue
        cells.note(f"no column says the genome build: {build} by {source}, {word}")
        return build
    cells.note("no column says the genome build, and neither heading nor platform tells it")
    return None


def _build_in_name(cells: Cells) -> str | None:
    name = cells.header.table.path.name
    found = re.search(r"hg(18|19|38)|grch(37|38)", name, re.IGNORECASE)
    if found is None:
        cells.note(
            "nothing says the genome build: manifests of sesame come in several, so keep it in "
            "the file's name (EPIC.hg38.manifest.tsv.gz)"
        )
        return None
    return f"hg{found[1]}" if found[1] else _HG[found[2]]
