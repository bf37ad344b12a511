"""Assays of a study: the matrices that go with its sheets, put together by what they hold."""

from __future__ import annotations

import glob
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from cohortmart.app.init.files import Looked
from cohortmart.app.init.kinds import Kind, Values, look_at_values
from cohortmart.app.init.matching import Match
from cohortmart.app.init.questions import Interview, Question

#: So many files of one assay are named one by one; more are a pattern where one fits.
_FEW = 3
_NAMES: Mapping[Kind, str] = {"counts": "rna", "beta": "methylation", "continuous": "measures"}
_QUALITY = re.compile(r"(^|[^a-z])(det|detp|detection|p-?val\w*)", re.IGNORECASE)
_BEADS = re.compile(r"bead", re.IGNORECASE)


@dataclass(frozen=True)
class ProposedAssay:
    """One assay as it will stand in study.yml.

    Parameters
    ----------
    name : str
    kind : {"counts", "beta", "continuous"}
    files : tuple of Path
    match : Match
        The sheet's column with its names.
    values : Values
        What its first values are.
    detection_p, bead_count : tuple of Path
    transcripts : Path or None
        Table of transcripts and genes.
    open : bool
        No one confirmed its kind.
    """

    name: str
    kind: Kind
    files: tuple[Path, ...]
    match: Match
    values: Values
    detection_p: tuple[Path, ...] = ()
    bead_count: tuple[Path, ...] = ()
    transcripts: Path | None = None
    open: bool = False
    notes: tuple[str, ...] = field(default=())


def find_assays(
    looked: Sequence[Looked],
    matches: Mapping[Path, tuple[Match, ...]],
    sample: str,
    interview: Interview,
) -> list[ProposedAssay]:
    """Put the matched matrices together to assays, sorted by their names.

    Parameters
    ----------
    looked : sequence of Looked
        All files.
    matches : mapping of Path to tuple of Match
        The files with samples of the sheets.
    sample : str
        The sheet's column of samples, which is taken where it fits as well as another.
    interview : Interview
        For kinds that are not certain.
    """
    by_path = {file.path: file for file in looked}
    found: dict[tuple[object, ...], list[tuple[Path, Match, Values]]] = defaultdict(list)
    for path in sorted(matches, key=str):
        match = best_match(matches[path], sample)
        header = by_path[path].header
        reader = "" if header is None else header.reader
        values = look_at_values(path, _known(match), match.shape, reader)
        together = (values.kind, reader, match.column, match.suffix, match.shape)
        found[together].append((path, match, values))
    parts = [assay for files in found.values() for assay in _of_files(files)]
    named = _named(_with_quality(parts))
    tx2gene = next((f.path for f in looked if f.what == "transcripts"), None)
    assays = [_asked(assay, interview) for assay in named]
    return [_with_transcripts(assay, tx2gene, by_path) for assay in assays]


def best_match(matches: Sequence[Match], sample: str) -> Match:
    """Return the best match; the sheet's own column of samples if it is as good."""
    best = matches[0]
    alike = [m for m in matches if (m.share, m.suffix) == (best.share, best.suffix)]
    return next((m for m in alike if m.column == sample), best)


def _known(match: Match) -> frozenset[str]:
    return frozenset(match.names)


def _of_files(files: Sequence[tuple[Path, Match, Values]]) -> list[ProposedAssay]:
    """Put files of other samples and the same features together; other features are an assay."""
    assays: list[ProposedAssay] = []
    for path, match, values in files:
        for i, assay in enumerate(assays):
            other_samples = not set(match.names) & set(assay.match.names)
            features = set(values.features) & set(assay.values.features)
            if other_samples and 2 * len(features) >= len(values.features) > 0:
                names = (*assay.match.names, *match.names)
                assays[i] = replace(
                    assay, files=(*assay.files, path), match=replace(assay.match, names=names)
                )
                break
        else:
            assays.append(ProposedAssay("", values.kind, (path,), match, values))
    return assays


def _with_quality(assays: Sequence[ProposedAssay]) -> list[ProposedAssay]:
    """Give detection p and numbers of beads to the betas of the same samples."""
    quality = {
        i: "bead_count" if _BEADS.search(a.files[0].name) else "detection_p"
        for i, a in enumerate(assays)
        if a.kind == "beta" and (_BEADS.search(a.files[0].name) or _QUALITY.search(a.files[0].name))
    }
    kept = []
    for i, assay in enumerate(assays):
        if i in quality:
            continue
        for j, role in quality.items():
            if assay.kind == "beta" and set(assays[j].match.names) & set(assay.match.names):
                files = assays[j].files
                if role == "bead_count":
                    assay = replace(assay, bead_count=files)
                else:
                    assay = replace(assay, detection_p=files)
        kept.append(assay)
    return kept


def _named(assays: Sequence[ProposedAssay]) -> list[ProposedAssay]:
    """Give each assay a name: its kind's where it is alone, else its file's."""
    n_of_kind: dict[Kind, int] = defaultdict(int)
    for assay in assays:
        n_of_kind[assay.kind] += 1
    taken: set[str] = set()
    named = []
    for assay in assays:
        alone = n_of_kind[assay.kind] == 1 and assay.kind != "continuous"
        name = _NAMES[assay.kind] if alone else _stem(assay)
        number, unique = 2, name
        while unique.lower() in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique.lower())
        named.append(replace(assay, name=unique))
    return sorted(named, key=lambda a: a.name)


def _stem(assay: ProposedAssay) -> str:
    stem = assay.files[0].name.split(".")[0]
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", stem).strip("_")
    return plain if plain and plain[0].isalnum() else _NAMES[assay.kind]


def _asked(assay: ProposedAssay, interview: Interview) -> ProposedAssay:
    if assay.values.sure:
        return assay
    names = ", ".join(path.name for path in assay.files[:_FEW])
    key = f"assays.{assay.name}.kind"
    question = Question(
        key, f"What kind of numbers does {names} hold?", assay.kind,
        ("counts", "beta", "continuous"), assay.values.why,
    )  # fmt: skip
    answer = interview.settle(question)
    kinds: dict[str, Kind] = {"counts": "counts", "beta": "beta", "continuous": "continuous"}
    return replace(assay, kind=kinds[answer], open=interview.is_open(key))


def _with_transcripts(
    assay: ProposedAssay, tx2gene: Path | None, by_path: Mapping[Path, Looked]
) -> ProposedAssay:
    header = by_path[assay.files[0]].header
    if tx2gene is None or header is None or header.reader not in ("salmon", "kallisto", "rsem"):
        return assay
    return replace(assay, transcripts=tx2gene)


def pattern_of(files: Sequence[Path]) -> str | None:
    """Return a pattern that stands for exactly these files, if there are many and one does.

    Parameters
    ----------
    files : sequence of Path
        Absolute.
    """
    if len(files) <= _FEW or len({len(path.parts) for path in files}) > 1:
        return None
    levels = list(zip(*(path.parts for path in files), strict=True))
    differing = [i for i, names in enumerate(levels) if len(set(names)) > 1]
    if len(differing) != 1:
        return None
    parts = [names[0] for names in levels]
    names = levels[differing[0]]
    start, end = _common_start(names), _common_start([n[::-1] for n in names])[::-1]
    for between in (f"*{end}", f"{start}*{end}"):
        parts[differing[0]] = between
        pattern = str(Path(*parts))
        if set(glob.glob(pattern)) == {str(path) for path in files}:
            return pattern
    return None


def _common_start(names: Sequence[str]) -> str:
    least, most = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    return "".join(one for one, _ in same)


def platform_of(assay: ProposedAssay) -> str | None:
    """Return the make of methylation arrays, as their ids say: EPIC v2 has replicates' suffixes."""
    suffixed = sum(bool(re.search(r"_[TB][CO]\d+$", f)) for f in assay.values.features)
    return (
        "EPICv2" if assay.kind == "beta" and 2 * suffixed > len(assay.values.features) > 0 else None
    )
