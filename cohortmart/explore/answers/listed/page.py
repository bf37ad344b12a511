"""List page: is a pasted list of genes or CpGs special, and what do its features do."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import COUNTS
from cohortmart.core.text import capital, counted
from cohortmart.explore.answers.addresses import list_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.listed.dots import dots_figure
from cohortmart.explore.answers.listed.features import (
    Listed,
    best_analysis,
    listed_features,
    words_of_features,
)
from cohortmart.explore.answers.listed.names import known_phrases, make_names, meanings
from cohortmart.explore.answers.listed.own_lists import in_own_lists
from cohortmart.explore.answers.listed.results import (
    MOST_DRAWN,
    Row,
    drawn,
    list_results,
    of_features,
    signs,
)
from cohortmart.explore.answers.listed.sentences import answer
from cohortmart.explore.answers.listed.sets import Enriched, in_sets
from cohortmart.explore.answers.listed.special import InContrast, in_contrasts
from cohortmart.explore.answers.listed.tables import (
    contrast_table,
    feature_table,
    own_table,
    set_table,
)
from cohortmart.explore.answers.listed.understood import understood
from cohortmart.explore.answers.listed.universe import Universe, held, offered, universe
from cohortmart.explore.answers.listed.words import MOST_WORDS, phrases, words_of
from cohortmart.explore.answers.view import Control, Link, Option, View, Wanted, picked
from cohortmart.report.blocks import Block, Figure, Page, Section, Text
from cohortmart.report.pages.overview.features import Analysed, analysed, of_contrast
from cohortmart.report.pages.overview.pictures import drawn_heat_map
from cohortmart.report.pages.rebound.names import gene_names
from cohortmart.report.thresholds import threshold_words

NAME, TITLE = "list", "Lists"
_LEAD = "Paste genes or CpGs: what they do in this study, and whether they are special."
#: Names of the example.
_EXAMPLE = 12
_NO_SETS = (
    "Gene sets are not tested for a list of CpGs: a gene with many CpGs would be in it more often. "
    "Paste the genes, and pick an analysis of their expression."
)
#: The strongest contrast, of genes where there is one: their names are those that people have.
_STRONGEST = """
    select s.analysis, s.contrast
    from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    where s.n_found > 0 and d.n_subjects >= $fewest
    order by d.values_used in ('voom', 'log_cpm') desc, s.n_found / sqrt(s.n_tested) desc,
        s.analysis, s.contrast
    limit 1
"""
_THRESHOLD = """
    select threshold_p, threshold_adj_p, threshold_delta_beta, threshold_log_fc
    from contrast_summary where analysis = ? order by contrast limit 1
"""


def list_view(explored: Explored, wanted: Wanted) -> View:
    """Return a list of features: what was understood, what it does, whether it is special.

    Parameters
    ----------
    explored : Explored
    wanted : mapping of str to str
        `features`: the pasted text; `analysis`; `universe`.
    """
    text = wanted.get("features", "")
    with explored.asked() as asked:
        if not text.strip():
            return _empty(asked)
        try:
            words = words_of(text, known_phrases(explored, asked, phrases(text)[:MOST_WORDS]))
        except InputError as error:
            said = f"This is too much: {error.problem}, and here are {error.found}. {error.hint}."
            return View(Page(NAME, TITLE, said), (_field(text),))
        meant = meanings(explored, asked, words.names)
        analysis = picked(wanted, "analysis", asked.analyses, best_analysis(asked, meant) or "")
        of = analysed(asked, {"analysis": analysis})
        if of is None:
            return View(Page(NAME, TITLE, "No contrast was tested in this study."), (_field(text),))
        by_feature = words_of_features(asked, of.assay, of.kind.name, meant)
        if len(by_feature) > MOST_WORDS:
            said = (
                f"These names stand for {len(by_feature):,} {of.kind.many_shown}; a list may have "
                f"{MOST_WORDS:,}. Take fewer names, or another analysis."
            )
            return View(Page(NAME, TITLE, said), _controls(asked, text, of, (), ""))
        what = held(explored, asked, of)
        universes = offered(asked, of, what)
        name = picked(wanted, "universe", [o.value for o in universes], universes[0].value)
        against = universe(explored, asked, of, what, name)
        features = listed_features(asked, of, by_feature)
        rows = list_results(explored, asked, of, list(by_feature), against.numbers)
        tested = {row["feature_id"] for row in rows}
        inside = against.of_list([f.feature_id for f in features if f.feature_id in tested])
        contrasts = in_contrasts(against, what, inside, signs(rows))
        sets, own = _shared(explored, asked, of, against, features, inside)
        notes = understood(
            words, meant, of, by_feature,
            [f.name for f in features if f.feature_id not in tested],
            [f.name for f in features if f.feature_id in tested.difference(inside)],
        )  # fmt: skip
        pictures = _pictures(asked, of, features, rows, [row.contrast for row in contrasts])
        sections = [
            Section("What was understood", tuple(notes)),
            *_special(asked, of, against, contrasts, sets, own, features, inside, pictures[0]),
            *_seen(asked, of, features, rows, contrasts, pictures[1]),
        ]
        lead = answer(of, against, contrasts, sets, asked.names.words)
        return View(
            Page(NAME, TITLE, lead, tuple(sections)),
            _controls(asked, text, of, universes, name),
            questions=tuple(asked.questions),
        )


def ready(explored: Explored) -> None:
    """Make what the first list of genes needs before it is pasted, in one of the analyses.

    Parameters
    ----------
    explored : Explored
    """
    from scipy.cluster import hierarchy  # noqa: F401  # takes a second where it is first read

    explored.kept("list names", make_names)
    with explored.asked() as asked:
        for analysis in asked.analyses:
            of = analysed(asked, {"analysis": analysis})
            if of is not None and of.kind.name == COUNTS:
                held(explored, asked, of)
                break  # 12 MB each: others are held when they are asked for


def _shared(
    explored: Explored,
    asked: Asked,
    of: Analysed,
    against: Universe,
    features: Sequence[Listed],
    inside: Sequence[str],
) -> tuple[list[Enriched] | None, list[Enriched]]:
    """Return gene sets, None where they are not tested, and the study's own lists."""
    there = set(inside)
    named = {f.feature_id: f.name for f in features if f.feature_id in there}
    genes = sorted({f.gene for f in features if f.gene and f.feature_id in there})
    own = in_own_lists(explored, of, against, named, genes)
    if of.is_beta:
        return None, own
    return in_sets(explored, asked, of, against, genes), own


def _special(
    asked: Asked,
    of: Analysed,
    against: Universe,
    contrasts: Sequence[InContrast],
    sets: Sequence[Enriched] | None,
    own: Sequence[Enriched],
    features: Sequence[Listed],
    inside: Sequence[str],
    dots: Figure | None,
) -> list[Section]:
    """Return the tests of a list, none where nothing of it was tested."""
    limits = (asked.rows(_THRESHOLD, [of.analysis]) or [{}])[0]
    blocks: list[Block] = [] if dots is None else [dots]
    if inside:
        words = threshold_words(limits)
        blocks.append(contrast_table(of, against, contrasts, words, asked.names.words))
    there = set(inside)
    n_genes = len({f.gene for f in features if f.gene and f.feature_id in there})
    if sets is None and inside:
        blocks.append(Text(_NO_SETS))
    elif sets:
        blocks.append(set_table(sets, against, n_genes))
    if own and inside:
        blocks.append(own_table(own, against))
    return [Section("Is it special?", tuple(blocks))] if blocks else []


def _pictures(
    asked: Asked,
    of: Analysed,
    features: Sequence[Listed],
    rows: Sequence[Row],
    contrasts: Sequence[str],
) -> tuple[Figure | None, Figure | None]:
    """Return the list in the contrasts, and in people."""
    order = drawn(rows, contrasts)
    if not order:
        return None, None
    by_id = {f.feature_id: f for f in features}
    n_tested = len({row["feature_id"] for row in rows})
    which = f"The {len(order)} of {n_tested:,} with the smallest P in any contrast, "
    about = f"{which if n_tested > MOST_DRAWN else ''}those that change alike side by side"
    called = {name: asked.names.words(name) for name in contrasts}
    shown = {f: (by_id[f].name, by_id[f].address) for f in order}
    many = of.kind.many_shown
    people = drawn_heat_map(
        asked, of, order, name="list-heat-map",
        titled=lambda n: f"{n:,} {many} of the list", about=f"{of.analysis}: {about}",
    )  # fmt: skip
    return dots_figure(of, rows, shown, called, f"{capital(about)}."), people


def _seen(
    asked: Asked,
    of: Analysed,
    features: Sequence[Listed],
    rows: Sequence[Row],
    contrasts: Sequence[InContrast],
    people: Figure | None,
) -> list[Section]:
    """Return the list in people, and its table."""
    found = [] if people is None else [Section(f"In {asked.subject.many}", (people,))]
    if not features:
        return found
    first = contrasts[0].contrast if rows else ""
    table = feature_table(of, features, of_features(rows), first, asked.names.words)
    return [*found, Section("Its features", (table,))]


def _field(text: str, hint: str = "") -> Control:
    return Control("features", "Genes or CpGs", text, "list", hint=hint)


def _controls(
    asked: Asked, text: str, of: Analysed, universes: Sequence[Option], name: str
) -> tuple[Control, ...]:
    analyses = tuple(Option(analysis, analysis) for analysis in asked.analyses)
    found = [_field(text), Control("analysis", "Analysis", of.analysis, options=analyses)]
    if universes:
        found.append(Control("universe", "Universe", name, options=tuple(universes)))
    return tuple(found)


def _empty(asked: Asked) -> View:
    """Return the page before anything was pasted, with an example of the study itself."""
    fewest = 2 if asked.pseudonymised else 1
    rows = asked.rows(_STRONGEST, {"fewest": fewest}) if asked.is_there("contrast_summary") else []
    of = analysed(asked, rows[0]) if rows else None
    features = [] if of is None else of_contrast(asked, of, _EXAMPLE)
    if of is None or not features:
        return View(Page(NAME, TITLE, _LEAD), (_field(""),))
    genes = gene_names(asked, of, features) if not of.is_beta else {}
    example = [genes.get(feature, feature) for feature in features]
    what = counted(len(example), of.kind.shown, of.kind.many_shown)
    title = f"Try the {what} with the smallest P in {asked.names.words(of.row['contrast'])}"
    link = Link(title, list_address(" ".join(example), analysis=of.analysis))
    hint = f"{', '.join(example[:4])} …"
    return View(
        Page(NAME, TITLE, _LEAD), (_field("", hint),), links=(link,),
        questions=tuple(asked.questions),
    )  # fmt: skip
