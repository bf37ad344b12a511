"""study.yml as a typed record.

The records say what each key means; `cohortmart.study_file` reads the file and turns every fault
into a message with its line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

#: Names that `model` uses for the five roles, whatever the sheet calls its columns.
ROLES = ("group", "timepoint", "subject", "cell_type")

#: Keys of `contrasts` that stand for a whole family; their value is `all`.
CONTRAST_FAMILIES = ("time_within_group", "group_within_time", "interaction")


def _as_written(value: Any) -> Any:
    """Give a number back as the text it was written as, so that `007` stays `007`."""
    return getattr(value, "text", value)


#: Text that is not empty; a number in study.yml becomes the text it was written as.
Text = Annotated[
    str, BeforeValidator(_as_written), StringConstraints(strip_whitespace=True, min_length=1)
]
#: A path; relative ones are made absolute by `cohortmart.study_file`.
File = Annotated[Path, BeforeValidator(_as_written)]
#: A finite number; text that looks like one is an error.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Record(BaseModel):
    """Frozen, and every key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SampleSheet(Record):
    """One sample sheet and which of its columns mean what.

    In a list of sheets each further one is joined to those before on the keys it names
    (subject, timepoint, cell_type, visit_key); only the first must name all.
    """

    file: File
    sample: Text | None = None
    subject: Text
    group: Text | None = None
    timepoint: Text | None = None
    cell_type: Text | None = None
    visit_key: tuple[Text, ...] = ()
    factors: tuple[Text, ...] = ()
    covariates: tuple[Text, ...] = ()


class ReadOptions(Record):
    """How names in a matrix are tidied while it is read."""

    #: cut from the end of sample names; white space in it counts
    strip_suffix: Annotated[str, BeforeValidator(_as_written), Field(min_length=1)] | None = None
    strip_version: StrictBool = False  # ENSG00000141510.18 -> ENSG00000141510
    sum_by: Literal["gene_name"] | None = None  # counts of features with the same name are summed


class Assay(Record):
    """One kind of measurement and its matrix files."""

    kind: Literal["counts", "beta"]
    files: Annotated[tuple[File, ...], Field(min_length=1)]
    sample: Text | None = None  # column of the sheet with this assay's sample names
    format: Literal["auto", "matrix"] = "auto"
    read: ReadOptions = ReadOptions()
    platform: Literal["450K", "EPIC", "EPICv2"] | None = None
    m_value_clip: Annotated[Number, Field(gt=0, lt=0.5)] = 1e-6


class Voom(Record):
    """How voom weights are made."""

    rounds: Literal[1] = 1


class Model(Record):
    """The linear model of an analysis: `means` or `formula`, not both."""

    means: tuple[Text, ...] = ()
    covariates: tuple[Text, ...] = ()
    block: Text | None = None
    baseline: Text | None = None
    formula: Text | None = None
    correlation: Literal["consensus"] = "consensus"


class Moderation(Record):
    """Options of the empirical-Bayes moderation."""

    trend: StrictBool = False
    robust: StrictBool = False


class Thresholds(Record):
    """What counts as found in summaries."""

    p: Annotated[Number, Field(gt=0, le=1)] | None = None
    adj_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    delta_beta: Annotated[Number, Field(ge=0, le=1)] | None = None
    log_fc: Annotated[Number, Field(ge=0)] | None = None


class Analysis(Record):
    """One fit and its contrasts."""

    assay: Text
    where: Text | None = None  # SQL condition over dim_sample
    values: Literal["log_cpm", "voom", "m_value", "beta"]
    voom: Voom = Voom()
    normalisation_samples: Literal["all", "selected"] = "all"
    filter: Literal["none", "filter_by_expr"] = "none"
    model: Model
    moderation: Moderation = Moderation()
    contrast_errors: Literal["exact", "limma"] = "exact"
    thresholds: Thresholds = Thresholds()
    #: name -> expression; a reserved key (time_within_group, ...) -> "all"
    contrasts: Annotated[dict[str, Text], Field(min_length=1)]


class Reference(Record):
    """Annotation files; none is read by this version."""


class Study(Record):
    """A whole study.yml, paths made absolute."""

    study: Text
    samples: Annotated[tuple[SampleSheet, ...], Field(min_length=1)]
    timepoints: Annotated[tuple[Text, ...], Field(min_length=1)]
    groups: Annotated[tuple[Text, ...], Field(min_length=1)]
    assays: Annotated[dict[str, Assay], Field(min_length=1)]
    reference: Reference = Reference()
    analyses: dict[str, Analysis] = {}

    @property
    def factors(self) -> tuple[str, ...]:
        """Every categorical column of the sheets (visit keys first), once each, in order."""
        names = [n for s in self.samples for n in (*s.visit_key, *s.factors)]
        return tuple(dict.fromkeys(names))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every numeric column of the sheets, once each, in order."""
        return tuple(dict.fromkeys(n for s in self.samples for n in s.covariates))

    @property
    def visit_key(self) -> tuple[str, ...]:
        """Columns that tell samples of one visit apart."""
        return tuple(dict.fromkeys(n for s in self.samples for n in s.visit_key))
