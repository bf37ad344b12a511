"""The blocks of an analysis that say what is fitted and how it is checked."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool
from pydantic_core import PydanticCustomError

from cohortmart.core.study.values import Number, Record, Text


def _span(value: Any) -> Any:
    """Refuse a span that is no share and not `adaptive`, in one message."""
    if value == "adaptive":
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    words = ["adaptive", "a number above 0 and up to 1"]
    raise PydanticCustomError("unknown_word", "adaptive, or a number up to 1", {"words": words})


class Voom(Record):
    """How voom weights are made."""

    #: 2 = voom, block correlation, voom with that correlation, correlation again
    rounds: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    #: share of the genes that each local line of the trend uses; adaptive = by their number
    span: Annotated[float | Literal["adaptive"], BeforeValidator(_span)] = 0.5


class Curve(Record):
    """Time as a number: a natural cubic spline, one curve for each level of `by`.

    Its coefficients are the values of the curve at the knots: `HP.12`, `MS.36`, ...
    """

    of: Text  # a covariate, such as the week of pregnancy, or timepoints that are numbers
    by: Text | None = "group"  # none = one curve for all
    knots: tuple[Number, ...] = ()  # the outer two are the boundary knots
    df: Annotated[int, Field(strict=True, ge=1, le=10)] = 3  # without knots: df + 1 quantiles
    positive: StrictBool = False  # samples with 0 or less are not on the curve: a code, not a time


class Model(Record):
    """The linear model of an analysis: one of `means`, `curve` and `formula`."""

    means: tuple[Text, ...] = ()
    curve: Curve | None = None
    covariates: tuple[Text, ...] = ()
    block: Text | None = None
    within: Text | None = None  # the subject as a fixed effect: contrasts within people only
    baseline: Text | None = None
    formula: Text | None = None
    correlation: Literal["consensus", "per_feature"] = "consensus"
    #: degrees of freedom of `correlation: per_feature`
    df: Literal["satterthwaite", "kenward_roger"] = "satterthwaite"

    @property
    def names(self) -> tuple[str, ...]:
        """Its covariates, and names between backticks in its formula: numbers of assays are so."""
        return (*self.covariates, *re.findall(r"`([^`]+)`", self.formula or ""))


class Moderation(Record):
    """Options of the empirical-Bayes moderation."""

    trend: StrictBool = False
    robust: StrictBool = False
    #: how the prior is estimated; left out = likelihood where residual df differ between features
    prior: Literal["likelihood", "moments"] | None = None
    #: P that |log_fc| is beyond it (treat) instead of P that log_fc is not 0
    minimum_log_fc: Annotated[Number, Field(ge=0)] = 0.0


class Permutations(Record):
    """A check of time and interaction contrasts: visits permuted within each block."""

    contrasts: tuple[Text, ...] = ()  # none named = all that can be tested so
    n: Annotated[int, Field(strict=True, ge=19, le=100_000)] = 1000
    seed: Annotated[int, Field(strict=True, ge=0)] = 1


class VariancePartition(Record):
    """Among what the variance of every feature is parted, beside the model and its people."""

    variables: tuple[Text, ...] | None = None  # none named = the factors of the study


class Sensitivity(Record):
    """How a hit fares under other models: batch, subject and covariates handled otherwise."""

    contrasts: tuple[Text, ...] = ()  # none named = all
    batch: Text | None = None  # a factor: in the model, removed by ComBat before, or neither
    top: Annotated[int, Field(strict=True, ge=1)] = 100  # features with the smallest P a contrast
    features: tuple[Text, ...] = ()  # further ones, by their id
