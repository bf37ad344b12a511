"""Sample names in the names of files: a bam over a column, or the file of one sample itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import listed
from ingest.read.matrix.records import MatrixHeader

_ALIGNMENT = re.compile(r"\.(bam|sam|cram)$", re.IGNORECASE)
#: What programs put behind a sample's name in the name of a file.
_ENDINGS = re.compile(
    r"[._-]*(Aligned(\.sortedByCoord|\.toTranscriptome)?(\.out)?|Log(\.final)?\.out|ReadsPerGene(\.out)?"
    r"|(genes|isoforms)\.results|genes|isoforms|quant(\.genes)?|quantification|abundance|salmon"
    r"|kallisto|rsem|star|hisat2?|htseq(-count|_count)?|feature_?counts|(gene|raw|read)?_?counts?"
    r"|sort(ed)?(By(Coord|Name))?|(mark|rm|re|umi_?)?_?dup(s|licates)?(_?(marked|removed))?|marked|dedup(ed|licated)?|umi|unique|uniq|primary|filtered|out"
    r"|bam|sam|cram|gz|bz2|xz|zst|tab|tsv|csv|txt|sf|results|dat)$",
    re.IGNORECASE,
)
_ACCESSION = re.compile(r"^((?:GSM|ERR|SRR|ERS|SRS|ERX|SRX|SAMN|SAMEA)\d+)[_.-](?=.)")
#: The start of an absolute path whose signs R has turned into dots.
_DOTTED_BY_R = re.compile(r"^X?\.\w")
_SHOWN = 6


def is_alignment(name: str) -> bool:
    """Whether a column is named by a bam (or sam, cram), as featureCounts names it."""
    return _ALIGNMENT.search(name.strip()) is not None


def spellings_of(path: str) -> tuple[str, ...]:
    """Return the sample names that the name of a file may stand for, the likeliest first.

    Parameters
    ----------
    path : str
        Of a bam, or of the table of one sample.

    Returns
    -------
    tuple of str
        The file's name, then the same with ending after ending cut off; then those of the folders
        that it lies in, from the nearest.
    """
    plain = PureWindowsPath(path) if "\\" in path and "/" not in path else PurePosixPath(path)
    parts = [part for part in reversed(plain.parts) if part not in ("/", "\\", ".", "..")]
    found: dict[str, None] = {}
    for part in parts[:4]:
        found.update(dict.fromkeys(_cut(part)))
    found[path] = None
    return tuple(name for name in found if name)


def _cut(name: str) -> list[str]:
    """Return a name, and what is left of it as known and then as any endings are cut off."""
    cut = [name]
    while (shorter := _ENDINGS.sub("", cut[-1])) != cut[-1]:
        cut.append(shorter)
    stem = name
    while "." in stem.strip("."):
        stem = stem.rpartition(".")[0]
        cut.append(stem)
    tidy = [one.rstrip("._- ") for one in cut]
    bare = [_ACCESSION.sub("", one) for one in tidy]
    accession = [match[1]] if (match := _ACCESSION.match(name)) else []
    dotted = _DOTTED_BY_R.match(name) is not None
    tails = [tail for one in tidy for tail in _tails(one.split("."))] if dotted else []
    return list(dict.fromkeys([*cut, *tidy, *bare, *accession, *tails]))


def _tails(words: Sequence[str]) -> list[str]:
    return [".".join(words[i:]) for i in range(1, len(words))]


def named_by_alignments(
    names: Sequence[str], known: Collection[str], suffix: str | None
) -> list[str]:
    """Name columns that bear the paths of bams by their samples.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    known : collection of str
        Names in the sample sheets.
    suffix : str or None
        What study.yml strips from names.

    Returns
    -------
    list of str
        The name that the sheets know; where they know none the file's name without its endings,
        or the folder's where all files are called the same.
    """
    spelled = {name: spellings_of(name) for name in names if is_alignment(name)}
    if not spelled:
        return list(names)
    found = {name: first_known(of, known, suffix) for name, of in spelled.items()}
    lacking = [name for name, sample in found.items() if sample is None]
    files = [_shortest(name) for name in spelled]
    alike = len(set(files)) < len(files)
    for name in lacking:
        found[name] = PurePosixPath(name).parent.name if alike else _shortest(name)
    return [found.get(name) or name for name in names]


def _shortest(path: str) -> str:
    """Return the name of a file without any ending that programs write."""
    name = re.split(r"[/\\]", path)[-1]
    while (shorter := _ENDINGS.sub("", name)) not in ("", name):
        name = shorter
    return name.rstrip("._- ")


def first_known(
    spelled: Sequence[str], known: Collection[str], suffix: str | None = None
) -> str | None:
    """Return the first spelling that the sheets know, less the suffix; None where they know none.

    Parameters
    ----------
    spelled : sequence of str
        See `spellings_of`.
    known : collection of str
        Names in the sample sheets.
    suffix : str or None
        What study.yml strips from names.
    """
    for name in spelled:
        for tried in (name, name.removesuffix(suffix or "")):
            if tried in known:
                return tried
    return None


def named_by_file(header: MatrixHeader, assay: Assay, known: Collection[str]) -> MatrixHeader:
    """Name the sample of a file that holds only one, by the file.

    Parameters
    ----------
    header : MatrixHeader
        Of the file, with one sample.
    assay : Assay
        `file` names the column of the sheet that holds the names of files.
    known : collection of str
        What the sheets say of the samples: their names, or those of their files. Without any the
        file's name counts, less its endings.

    Raises
    ------
    IngestError
        The sheets know none of the names that the file may stand for.
    """
    path = header.path
    if assay.file is not None:
        name = _listed_file(path, known)
        tried: Sequence[str] = (path.name, f"{path.parent.name}/{path.name}")
    else:
        tried = spellings_of(path.as_posix())
        name = first_known(tried, known, assay.read.strip_suffix) if known else default_name(path)
    if name is None:
        raise IngestError(
            "the sample sheet does not say whose file this is",
            file=path,
            expected=f"one of {listed(sorted(known), most=_SHOWN)}",
            found=f"tried {listed([f'`{one}`' for one in tried], most=2 * _SHOWN)}",
            hint=f"correct the sheet's column `{assay.file}`"
            if assay.file is not None
            else "write the names of the files into a column of the sheet and name it in the "
            "assay: `file: COLUMN`",
        )
    return replace(header, raw_samples=(name,), samples=(name,))


def default_name(path: Path) -> str:
    """Return a file's name without its endings, or the folder's where nothing is left of it."""
    for part in (path.name, *(folder.name for folder in path.parents)):
        if name := _ENDINGS.sub("", _shortest(part)):
            return name
    return path.name


def _listed_file(path: Path, known: Collection[str]) -> str | None:
    """Return how the sheet writes the path of a file: whole, the end of it, or the name alone."""
    packed = re.compile(r"\.(gz|bz2|xz|zst)$", re.IGNORECASE)
    parts = PurePosixPath(packed.sub("", path.as_posix())).parts
    best: tuple[int, str] | None = None
    for name in sorted(known):
        given = PurePosixPath(packed.sub("", name.strip().replace("\\", "/"))).parts
        while given[:1] and given[0] in (".", ".."):
            given = given[1:]
        if given and parts[-len(given) :] == given:
            best = max(best or (0, ""), (len(given), name))
    return None if best is None else best[1]
