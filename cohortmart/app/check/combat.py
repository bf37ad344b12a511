"""ComBat and ComBat-seq against what is compared: the spread over batches, what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from analyses.design.coding import covariate_columns
from analyses.design.estimability import rank_of
from analyses.normalise.steps.registry import LAYER_STEPS
from cohortmart.app.check.combat_terms import compared_terms, model_terms, tells_samples_apart
from cohortmart.app.check.confounding import Confounding, find_confounding, is_in_model
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.normalise_records import METHODS, BatchOptions, step_of
from cohortmart.core.study.records import ROLE_COLUMNS, ROLES, Analysis, Study
from cohortmart.core.text import Nouns
from cohortmart.core.types import Floats

#: Batches with one level of a category only count as confounded from this share of the samples.
LEAST_ONE_SIDED = 0.25


@dataclass(frozen=True, eq=False)
class CombatCheck:
    """What was found about the step of an assay that removes batches.

    Parameters
    ----------
    assay : str
        Its name.
    combat : BatchOptions
        Batch and what to keep.
    samples : DataFrame
        The rows of `dim_sample` that the assay measured.
    terms : tuple of str
        What is kept, compared or adjusted for; not the batch itself.
    refusals : tuple of str
        Why `cohortmart normalise` would refuse it.
    confounding : tuple of tuple of Confounding
        Of the batch, one tuple a comparison.
    one_sided : mapping of str to (int, int)
        Compared category of which many batches hold one level only, to how many batches and
        samples these are.
    unkept : mapping of str to tuple of str
        Compared term that `keep` lacks, to the analyses that compare it; none where the samples
        are only of several kinds of it.
    unkeepable : tuple of str
        Those of them that cannot be told from the batches, so that `keep` cannot name them.
    comparing : tuple of str
        Analyses that compare the batches.
    adjusting : tuple of str
        Analyses with the batch in their model as well.
    others : tuple of str
        Analyses without it.
    nouns : Nouns
        What the study calls people and timepoints.
    """

    assay: str
    combat: BatchOptions
    samples: pl.DataFrame
    terms: tuple[str, ...]
    refusals: tuple[str, ...]
    confounding: tuple[tuple[Confounding, ...], ...]
    one_sided: Mapping[str, tuple[int, int]]
    unkept: Mapping[str, tuple[str, ...]]
    unkeepable: tuple[str, ...]
    comparing: tuple[str, ...]
    adjusting: tuple[str, ...]
    others: tuple[str, ...]
    nouns: Nouns = field(default=Nouns())

    @property
    def step(self) -> str:
        """Name of the step in study.yml: combat or combat_seq."""
        return step_of(self.combat)

    @property
    def method(self) -> str:
        """Name of the method: ComBat or ComBat-seq."""
        return METHODS[self.step].title

    @property
    def confounded(self) -> bool:
        """Whether batches and what is compared are unevenly mixed."""
        return bool(self.confounding or self.one_sided)


def combat_of(study: Study, assay: str) -> BatchOptions | None:
    """Return the step of an assay that removes batches, if it has one.

    Parameters
    ----------
    study : Study
    assay : str
    """
    asked = (step.options for step in study.assays[assay].normalise)
    return next((options for options in asked if isinstance(options, BatchOptions)), None)


def check_combat(samples: pl.DataFrame, assay: str, study: Study) -> CombatCheck | None:
    """Look at the batches that are removed from an assay; None where none are.

    Parameters
    ----------
    samples : DataFrame
        The rows of `dim_sample` that the assay measured, or that its filters kept.
    assay : str
    study : Study
    """
    combat = combat_of(study, assay)
    if combat is None:
        return None
    step = LAYER_STEPS[step_of(combat)]
    of_assay = {n: a for n, a in study.analyses.items() if a.assay == assay}
    unkept = _unkept(samples, combat, study, of_assay)
    batch = combat.batch
    confounding, free = _confounding(samples, combat, study, of_assay)
    compared = {*ROLES, *(t for a in of_assay.values() for t in compared_terms(a, samples, study))}
    adjusting = tuple(n for n, a in of_assay.items() if is_in_model(a.model, batch))
    return CombatCheck(
        assay=assay,
        combat=combat,
        samples=samples,
        terms=_terms(samples, combat, study, of_assay),
        refusals=tuple(step.check(samples, combat, study, f"assay {assay}, {step.name}")),
        confounding=tuple(confounding),
        one_sided=dict(_one_sided(samples, batch, [n for n in free if n in compared])),
        unkept=unkept,
        unkeepable=tuple(_unkeepable(samples, combat, study, list(unkept))),
        comparing=tuple(
            n for n, a in of_assay.items() if batch in compared_terms(a, samples, study)
        ),
        adjusting=adjusting,
        others=tuple(n for n in of_assay if n not in adjusting),
        nouns=study.nouns,
    )


def _terms(
    samples: pl.DataFrame, combat: BatchOptions, study: Study, analyses: Mapping[str, Analysis]
) -> tuple[str, ...]:
    named = ["group", "timepoint", "cell_type", *study.visit_key, *combat.keep]
    for analysis in analyses.values():
        named += model_terms(analysis.model, study)
    left = [n for n in dict.fromkeys(named) if n not in (combat.batch, "subject")]
    return tuple(n for n in left if n in combat.keep or tells_samples_apart(samples, n))


def _confounding(
    samples: pl.DataFrame, combat: BatchOptions, study: Study, analyses: Mapping[str, Analysis]
) -> tuple[list[tuple[Confounding, ...]], list[str]]:
    """Look at each compared category alone, then at the combinations of those that are free.

    The names of these come second.
    """
    names: dict[str, None] = dict.fromkeys(["group", "timepoint", "cell_type", *study.visit_key])
    combinations: list[tuple[str, ...]] = [("group", "timepoint")]
    for analysis in analyses.values():
        compared = compared_terms(analysis, samples, study)
        names |= dict.fromkeys(compared)
        combinations.append(compared)
    names |= dict.fromkeys(combat.keep)
    no_category = (combat.batch, "subject", *study.covariates)
    varying = [n for n in names if n not in no_category and tells_samples_apart(samples, n)]
    found = {name: _of(samples, combat.batch, (name,), study) for name in varying}
    free = [name for name in varying if not found[name]]
    several = dict.fromkeys(tuple(n for n in compared if n in free) for compared in combinations)
    together = [_of(samples, combat.batch, means, study) for means in several if len(means) > 1]
    return [parts for parts in (*found.values(), *together) if parts], free


def _one_sided(
    samples: pl.DataFrame, batch: str, names: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in names:
        column = ROLE_COLUMNS.get(name, name)
        whole = samples.drop_nulls([column, batch])
        sizes = whole.group_by(batch).agg(pl.col(column).n_unique().alias("kinds"), pl.len())
        alone = sizes.filter(pl.col("kinds") == 1)
        n_samples = int(alone["len"].sum())
        if alone.height and n_samples >= LEAST_ONE_SIDED * whole.height:
            yield name, (alone.height, n_samples)


def _of(
    samples: pl.DataFrame, batch: str, means: tuple[str, ...], study: Study
) -> tuple[Confounding, ...]:
    columns = [ROLE_COLUMNS.get(name, name) for name in means]
    whole = samples.drop_nulls([*columns, batch])
    found = find_confounding(whole, Model(means=means), study)
    of_batch = tuple(e for e in found if e.factor == batch)
    # where every combination is one sample, each has one batch whatever was done
    sizes = [n for e in of_batch for n, _ in e.combinations.values()]
    return of_batch if max(sizes, default=1) > 1 else ()


def _unkept(
    samples: pl.DataFrame, combat: BatchOptions, study: Study, analyses: Mapping[str, Analysis]
) -> dict[str, tuple[str, ...]]:
    users: dict[str, tuple[str, ...]] = {}
    for name, analysis in analyses.items():
        for term in compared_terms(analysis, samples, study):
            users[term] = (*users.get(term, ()), name)
    for term in ("cell_type", *study.visit_key):  # analyses choose among these by `where`
        users.setdefault(term, ())
    kept = _columns(samples, combat.keep, study)
    found = {}
    for term, names in users.items():
        if term in (*combat.keep, combat.batch, "subject"):
            continue
        if tells_samples_apart(samples, term):
            added = _columns(samples, (term,), study)
            if rank_of(np.hstack([kept, added])) > rank_of(kept):  # else `keep` holds it
                found[term] = names
    return found


def _unkeepable(
    samples: pl.DataFrame, combat: BatchOptions, study: Study, terms: Sequence[str]
) -> Iterator[str]:
    """Yield the terms of which a part varies between the batches only."""
    kept = _columns(samples, combat.keep, study)
    batches = np.hstack([kept, _columns(samples, (combat.batch,), study)])
    for term in terms:
        added = _columns(samples, (term,), study)
        alone = rank_of(np.hstack([kept, added])) - rank_of(kept)
        beside_batches = rank_of(np.hstack([batches, added])) - rank_of(batches)
        if beside_batches < alone:
            yield term


def _columns(samples: pl.DataFrame, names: Sequence[str], study: Study) -> Floats:
    """Return an intercept and the columns of these names; of a name with gaps none."""
    made = [np.ones((samples.height, 1))]
    for name in names:
        try:
            made.append(covariate_columns(samples, (name,), study, "").matrix)
        except AnalysisError:
            continue
    return np.hstack(made)
