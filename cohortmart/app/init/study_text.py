"""The text of a study.yml: what is proposed, why, and what else could stand there."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from cohortmart.app.init.analyses import ProposedAnalysis
from cohortmart.app.init.assays import ProposedAssay, pattern_of, platform_of
from cohortmart.app.init.proposal import Proposal, list_name
from cohortmart.app.init.questions import Interview
from cohortmart.app.init.sheet_blocks import SheetBlock
from cohortmart.app.init.words import word_set

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+ -]*(?<! )")
_YAML_WORDS = word_set("null true false yes no on off y n ~")
#: Begins the comment on what no one confirmed.
LOOK = "?? please look:"


def study_text(
    proposal: Proposal, analyses: Sequence[ProposedAnalysis], interview: Interview, folder: Path
) -> str:
    """Return the text of a study.yml.

    Parameters
    ----------
    proposal : Proposal
    analyses : sequence of ProposedAnalysis
    interview : Interview
        Its open questions are marked.
    folder : Path
        Where the file will lie; paths are relative to it.
    """
    lines = [
        "# Proposed by `cohortmart init` from what the files hold. Every line may be changed;",
        "# docs/study.md explains each key. Read what stands behind `??`: no one confirmed it.",
        f"study: {quoted(proposal.name)}",
        "",
        *_samples(proposal, interview, folder),
        "",
        *_levels(proposal, interview),
        "# subject_noun: [patient, patients]    # what reports call people; else person, people",
        "",
        *_assays(proposal, folder),
        *_derived(proposal, folder),
        *_references(proposal, folder),
        "",
        *_analyses(analyses),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def quoted(text: str) -> str:
    """Return a text as YAML has it, in quotes where it would mean something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS and ": " not in text:
        return text
    return json.dumps(text, ensure_ascii=False)


def flow(values: Sequence[str]) -> str:
    """Return a list on one line."""
    return f"[{', '.join(map(quoted, values))}]"


def path_text(path: Path | str, folder: Path) -> str:
    """Return a path relative to a folder, with forward slashes."""
    return quoted(Path(os.path.relpath(path, folder)).as_posix())


def _line(text: str, why: str = "", look: bool = False) -> list[str]:
    """Return a line with its comment behind it, or above where both are too long."""
    if not why and not look:
        return [text]
    comment = f"# {LOOK} {why}" if look else f"# {why}"
    behind = f"{text.ljust(34)}  {comment}"
    if len(behind) <= _WIDTH:
        return [behind]
    indent = " " * (len(text) - len(text.lstrip()))
    return [*_comment(comment.removeprefix("# "), indent), text]


def _comment(text: str, indent: str) -> list[str]:
    """Return a comment on as many lines as it needs."""
    start = f"{indent}# "
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=start)


def _samples(proposal: Proposal, interview: Interview, folder: Path) -> Iterator[str]:
    if len(proposal.sheets) == 1:
        yield "samples:"
        yield from _block(proposal.sheets[0], "  ", interview, folder)
        for note in proposal.notes:
            yield from _comment(f"{LOOK} {note}", "  ")
        return
    yield "samples:                            # the first sheet, and what is joined to it"
    for i, block in enumerate(proposal.sheets):
        lines = list(_block(block, "    ", interview if i == 0 else Interview(), folder))
        yield f"  - {lines[0][4:]}"
        yield from lines[1:]
    for note in proposal.notes:
        yield from _comment(f"{LOOK} {note}", "    ")


def _block(block: SheetBlock, indent: str, interview: Interview, folder: Path) -> Iterator[str]:
    n = f"{block.table.n_rows} rows"
    yield from _line(f"{indent}file: {path_text(block.table.path, folder)}", n)
    if block.table.worksheet is not None:
        yield f"{indent}sheet: {quoted(block.table.worksheet)}"
    for role, column in block.roles.items():
        look = interview.is_open(role) or interview.is_open(f"samples.{role}")
        text = f"{indent}{role}: {quoted(column)}"
        yield from _line(text, block.why.get(role, ""), look)
    if block.visit_key:
        why = block.why.get("visit_key", "")
        yield from _line(f"{indent}visit_key: {flow(block.visit_key)}", why)
    variables = block.variables
    if variables.factors:
        yield from _line(f"{indent}factors: {flow(variables.factors)}", "categories")
    if variables.covariates:
        yield from _line(f"{indent}covariates: {flow(variables.covariates)}", "numbers")
    for name, why in variables.left_out:
        yield from _comment(f"not used: {name}: {why}", indent)


def _levels(proposal: Proposal, interview: Interview) -> Iterator[str]:
    order, groups = proposal.order, proposal.groups
    if order is not None:
        look = interview.is_open("timepoints")
        text = f"timepoints: {flow(order.levels)}"
        yield from _line(text, f"in the order of time: {order.why}", look)
    else:
        yield "# no column says when: one visit.  timepoint: COLUMN, timepoints: [first, second]"
    if groups is not None:
        look = interview.is_open("groups")
        yield from _line(f"groups: {flow(groups.levels)}", f"the first is the reference: "
                         f"{groups.why}", look)  # fmt: skip
    else:
        yield "# no column says which group: one group.  group: COLUMN, groups: [control, case]"


def _assays(proposal: Proposal, folder: Path) -> Iterator[str]:
    yield "assays:"
    for assay in proposal.assays:
        yield f"  {assay.name}:"
        yield from _assay(proposal, assay, folder)


def _assay(proposal: Proposal, assay: ProposedAssay, folder: Path) -> Iterator[str]:
    yield from _line(f"    kind: {assay.kind}", assay.values.why, assay.open)
    pattern = pattern_of(assay.files)
    names = [pattern] if pattern is not None else [str(path) for path in assay.files]
    files = ", ".join(path_text(name, folder) for name in names)
    found = f"{round(100 * assay.match.share)} % of its samples are in the sheet"
    yield from _line(f"    files: [{files}]", "" if assay.match.share == 1 else found)
    if assay.match.column not in (None, proposal.sample):
        text = f"    sample: {quoted(str(assay.match.column))}"
        yield from _line(text, "the column with the names in this matrix")
    if assay.match.column is None:
        yield "    # samples are found by slide and position of their arrays"
    for key in ("detection_p", "bead_count"):
        quality: tuple[Path, ...] = getattr(assay, key)
        if quality:
            yield f"    {key}: [{', '.join(path_text(p, folder) for p in quality)}]"
    yield from _reading(assay, folder)
    yield from _of_kind(assay)


def _reading(assay: ProposedAssay, folder: Path) -> Iterator[str]:
    read = []
    if assay.match.suffix is not None:
        read.append(f"strip_suffix: {quoted(assay.match.suffix)}")
    if assay.transcripts is not None:
        read.append(f"transcripts: {path_text(assay.transcripts, folder)}")
    if platform_of(assay) is not None:
        read.append("collapse_replicates: true")
    if read:
        yield f"    read: {{{', '.join(read)}}}"


def _of_kind(assay: ProposedAssay) -> Iterator[str]:
    if assay.kind == "beta":
        platform = platform_of(assay)
        if platform is None:
            yield "    # platform: EPIC               # or 450K, EPICv2: the genome build"
        else:
            yield from _line(f"    platform: {platform}", "its ids have the suffixes of EPIC v2")
        yield "    # normalise: [bmiq]            # needs reference.manifest with design types"
    if assay.kind == "continuous":
        if assay.values.skewed:
            yield from _line("    transform: log2", "all are above 0, and a few are very large")
        else:
            yield "    # transform: log2              # or logit, rank_normal: before the tests"
        yield "    # unit: NPX                    # of the values, for tables and figures"


def _derived(proposal: Proposal, folder: Path) -> Iterator[str]:
    if proposal.derive:
        yield ""
        yield "derive:"
    for name, (source, path) in proposal.derive.items():
        text = f"{{from: {source}, method: cell_fractions, reference: {path_text(path, folder)}}}"
        yield f"  {name}: {text}"


def _references(proposal: Proposal, folder: Path) -> Iterator[str]:
    references = dict(proposal.references)
    if references:
        yield ""
        yield "reference:"
    for key in ("manifest", "masks", "gene_sets", "genes"):
        if key in references:
            yield f"  {key}: [{', '.join(path_text(p, folder) for p in references[key])}]"
    if "gene_list" in references:
        yield "  gene_lists:"
        for path in references["gene_list"]:
            yield f"    {quoted(list_name(path))}: {path_text(path, folder)}"
    if "network" in references:
        yield f"  network: {path_text(references['network'][0], folder)}"


def _analyses(analyses: Sequence[ProposedAnalysis]) -> Iterator[str]:
    good = [a for a in analyses if a.record]
    yield "analyses:" if good else "# analyses: none can be proposed"
    for analysis in good:
        yield f"  {analysis.name}:"
        yield from _analysis(analysis)
    for analysis in analyses:
        if not analysis.record:
            yield f"  # no analysis {analysis.name}: {analysis.notes[0]}"


def _analysis(analysis: ProposedAnalysis) -> Iterator[str]:
    record = analysis.record
    for note in analysis.notes:
        yield from _comment(note, "    ")
    yield f"    assay: {record['assay']}"
    if "where" in record:
        yield f"    where: {json.dumps(record['where'], ensure_ascii=False)}"
    yield f"    values: {record['values']}"
    if "filter" in record:
        yield from _line(f"    filter: {record['filter']}", "genes with too few counts stay out")
    model = record["model"]
    parts = [f"means: {flow(model['means'])}"]
    parts += [f"covariates: {flow(model['covariates'])}"] if "covariates" in model else []
    parts += ["block: subject"] if "block" in model else []
    yield f"    model: {{{', '.join(parts)}}}"
    if analysis.others:
        wanted = [*model.get("covariates", ()), *analysis.others]
        yield from _comment(f"may be added to the model: covariates: {flow(wanted)}", "    ")
    yield f"    thresholds: {{adj_p: {record['thresholds']['adj_p']}}}"
    families = ", ".join(f"{family}: all" for family in record["contrasts"])
    yield f"    contrasts: {{{families}}}"
