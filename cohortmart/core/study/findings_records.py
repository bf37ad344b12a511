"""The blocks of an analysis that say what is looked for behind its contrasts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool

from cohortmart.core.study.values import Number, Pair, Record, Text, listed_alone


class Rebound(Record):
    """Pairs of contrasts read together: a change, and the change that follows it.

    A name is a contrast of the analysis, or one without its group: `3rd-1st` stands for
    `HP_3rd-1st`, `MS_3rd-1st`, ... of every group that has both contrasts of the pair.
    """

    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)]
    preset: Literal["default", "paper"] = "default"  # what counts as found


class ExplainedBy(Record):
    """Variables whose changes may explain those of the features, within people."""

    variables: Annotated[tuple[Text, ...], Field(min_length=1)]  # covariates, or ASSAY.FEATURE
    contrasts: tuple[Text, ...] = ()  # none named = all within people


class Dmr(Record):
    """Regions: neighbouring CpGs that change the same way, tested as one."""

    maximum_gap: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 500  # bases, neighbours
    minimum_probes: Annotated[int, Field(strict=True, ge=2, le=1000)] = 3  # of a region
    p: Annotated[Number, Field(gt=0, lt=1)] = 0.05  # below it a CpG may be part of a region
    rotations: Annotated[int, Field(strict=True, ge=99, le=100_000)] = 999  # what chance gives


class ReturnTo(Record):
    """A difference from a reference, and when to look how much of it is gone."""

    reference: Text  # a level such as HP, then HP at each visit; or a sum of coefficients
    baseline: Annotated[Text, Field(alias="from")]  # the mean whose difference is looked at
    to: Annotated[tuple[Text, ...], BeforeValidator(listed_alone), Field(min_length=1)]
    #: share of the difference that may be left, or be overshot, where it counts as gone
    margin: Annotated[Number, Field(gt=0, lt=1)] = 0.5

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.baseline} to {self.reference}"


class DmpDeg(Record):
    """CpGs and genes that change together, in contrasts of the same name."""

    expression: Text  # the analysis with the genes


class GenesOfContrast(Record):
    """Genes that a contrast found, as a list for enrichment."""

    analysis: Text
    contrast: Text
    direction: Literal["any", "up", "down"] = "any"


class Enrichment(Record):
    """Which gene sets the found features and the ranked genes are tested for."""

    tests: Annotated[
        tuple[Literal["over_representation", "camera", "gsea"], ...], Field(min_length=1)
    ] = ("over_representation", "camera", "gsea")
    contrasts: tuple[Text, ...] = ()  # none named = all
    rebound: StrictBool = True  # also the features that rebound
    collections: tuple[Text, ...] = ()  # none named = all
    from_contrasts: dict[str, GenesOfContrast] = Field(default_factory=dict)
    minimum_size: Annotated[int, Field(strict=True, ge=1)] = 10  # genes of a set in the universe
    maximum_size: Annotated[int, Field(strict=True, ge=1)] = 500
    inter_gene_correlation: Annotated[Number, Field(ge=0, lt=1)] = 0.01  # camera
    permutations: Annotated[int, Field(strict=True, ge=1)] = 1000  # gsea
    seed: Annotated[int, Field(strict=True, ge=0)] = 1


class Modules(Record):
    """Disease modules (DIAMOnD) around the genes that rebound."""

    mode: Literal["fixed", "paper"] = "fixed"
    seed_weight: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    genes_added: Annotated[int, Field(strict=True, ge=1)] = 200
    random_sets: Annotated[int, Field(strict=True, ge=0)] = 1000
    stability_runs: Annotated[int, Field(strict=True, ge=0)] = 20
    seed: Annotated[int, Field(strict=True, ge=0)] = 1
