"""Page that compares two contrasts."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.addresses import contrast_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.compare.correlation import correlation_of, correlation_words
from cohortmart.explore.answers.compare.matched import match, note_compared
from cohortmart.explore.answers.compare.overlap import Overlap, overlap_of
from cohortmart.explore.answers.compare.picture import compare_figure
from cohortmart.explore.answers.contrast.limits import own_limits
from cohortmart.explore.answers.contrast.others import others_control
from cohortmart.explore.answers.contrast.wished import ContrastMeant, contrast_meant
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Block, Column, Page, Section, Table, Text

_WORDS = {"any": "either way", "up": "up", "down": "down"}


def compare_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page of two contrasts, the second by `with_analysis` and `with_contrast`."""
    if not wanted.get("with_contrast") or not wanted.get("contrast"):
        raise InputError(
            "two contrasts are compared, and there are not two in this address",
            hint="open a contrast, and choose the other there",
        )
    with explored.asked() as asked:
        first = contrast_meant(asked, wanted.get("analysis", ""), wanted["contrast"])
        second = contrast_meant(
            asked, wanted.get("with_analysis") or first.analysis, wanted["with_contrast"]
        )
        matched = match(asked, first, second)
        note_compared(asked, first, second, matched.way)
        names = _names(asked, first, second)
        correlation = correlation_of(asked, first, second, matched)
        nouns = first.manner.kind.many_shown if matched.way == "feature" else "genes"
        overlap = overlap_of(asked, first, second, matched, share_people=correlation.share_people)
        words = {
            "both": "in both",
            "opposite": "in both, opposite ways",
            "first": f"only in {names[0]}",
            "second": f"only in {names[1]}",
            "neither": "in neither",
        }
        figure = compare_figure(asked, first, second, matched, words)
        blocks: list[Block] = [Text(_overlap_words(asked, overlap, nouns), "finding")]
        if matched.n:
            said = correlation_words(asked, correlation, matched.n, nouns)
            blocks.insert(0, Text(said, "finding"))
        blocks += [] if figure is None else [figure]
        sections = (
            Section("Together or apart", tuple(blocks)),
            Section("What both find", (_overlap_table(overlap, names),)),
        )
        lead = (
            f"{names[0]}: {first.question(asked)}. {names[1]}: {second.question(asked)}. "
            f"Found by the thresholds of the study: {_limits_words(first, second, names)}."
        )
        return View(
            Page("compare", f"{names[0]} and {names[1]}", lead, sections),
            controls=(others_control(asked, first, (second.analysis, second.contrast)),),
            kept=first.key,
            links=tuple(
                Link(name, contrast_address(m.analysis, m.contrast))
                for name, m in zip(names, (first, second), strict=True)
            ),
            questions=tuple(asked.questions),
            script="contrast.js",
        )


def _names(asked: Asked, first: ContrastMeant, second: ContrastMeant) -> tuple[str, str]:
    """Return short names that tell the two apart."""
    if first.analysis == second.analysis:
        return asked.names.words(first.contrast), asked.names.words(second.contrast)
    return first.title(asked), second.title(asked)


def _limits_words(first: ContrastMeant, second: ContrastMeant, names: tuple[str, str]) -> str:
    said = [own_limits(m.row).words for m in (first, second)]
    if said[0] == said[1]:
        return said[0]
    return "; ".join(f"{words} in {name}" for words, name in zip(said, names, strict=True))


def _overlap_words(asked: Asked, overlap: Overlap, nouns: str) -> str:
    if overlap.n_universe == 0:
        return f"The two have no {nouns} in common that both tested."
    same = overlap.rows.to_pylist()
    both = same[0]
    opposite = same[3]["n_both"] + same[4]["n_both"]
    said = (
        f"{both['n_both']:,} of {overlap.n_universe:,} {nouns} are found in both, "
        f"{opposite:,} of them in opposite ways"
    )
    if both["expected"] is not None:
        said += f"; chance would give {both['expected']:,.1f}"
    if both["p_value"] is not None:
        said += f" (odds ratio {both['odds_ratio'] or 0:.3g}, P {_p_words(both['p_value'])})"
    elif overlap.correlated:
        said += f"; the two rest on the same {asked.subject.many}, so that no P value is known"
    return f"{said}."


def _p_words(p: float) -> str:
    return f"= {p:.2g}" if p else "< 1e-300"


def _overlap_table(overlap: Overlap, names: tuple[str, str]) -> Table:
    rows = overlap.rows
    for place, column in enumerate(("first", "second")):
        said = [_WORDS[d] for d in rows[column].to_pylist()]
        rows = rows.set_column(place, column, pa.array(said, pa.string()))
    return Table(
        "overlap",
        "Overlap",
        "Of what both tested; expected is what chance alone gives.",
        (
            Column("first", names[0]),
            Column("second", names[1]),
            Column("n_first", f"Found in {names[0]}", "integer"),
            Column("n_second", f"Found in {names[1]}", "integer"),
            Column("n_both", "In both", "integer"),
            Column("expected", "Expected", "number"),
            Column("odds_ratio", "Odds ratio", "number"),
            Column("p_value", "P", "p"),
        ),
        rows,
    )
