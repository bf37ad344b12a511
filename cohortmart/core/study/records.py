"""study.yml as a typed record.

The records say what each key means; `cohortmart.core.study.load` reads the file and turns every
fault into a message with its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, ValidationInfo
from pydantic_core import PydanticCustomError

from cohortmart.core.study.derive_records import Derive
from cohortmart.core.study.findings_records import (
    DmpDeg,
    Dmr,
    Enrichment,
    ExplainedBy,
    Modules,
    Rebound,
    ReturnTo,
)
from cohortmart.core.study.model_records import (
    Model,
    Moderation,
    Permutations,
    Sensitivity,
    VariancePartition,
    Voom,
)
from cohortmart.core.study.normalise_records import NormaliseStep, as_steps
from cohortmart.core.study.reference_records import Network
from cohortmart.core.study.signature_records import Signature
from cohortmart.core.study.timepoints import in_order
from cohortmart.core.study.values import (
    File,
    Files,
    Number,
    Pair,
    Record,
    Text,
    as_written,
    listed_alone,
)
from cohortmart.core.text import Nouns, nouns

#: Names that `model` uses for the roles, whatever the sheet calls its columns, and the column of
#: `dim_sample` behind each.
ROLE_COLUMNS = {
    "group": "study_group",
    "timepoint": "timepoint",
    "subject": "subject_id",
    "cell_type": "cell_type",
}
ROLES = tuple(ROLE_COLUMNS)

#: The group of all samples where a study names none, and the timepoint where it has one visit.
ONE_GROUP, ONE_TIMEPOINT = "all", "once"
#: The layer of a derived assay.
DERIVED = "derived"

#: Name of the F test over every contrast of an analysis; each has it.
ALL_CONTRASTS = "all contrasts"

#: Keys of `contrasts` that stand for a whole family; their value is `all`.
CONTRAST_FAMILIES = ("time_within_group", "group_within_time", "interaction")


class SampleSheet(Record):
    """One sample sheet and which of its columns mean what.

    In a list of sheets each further one is joined to those before on the keys it names
    (subject, timepoint, cell_type, visit_key); only the first must name all.
    """

    file: File
    sheet: Text | None = None  # worksheet of a workbook: its name, or its number from 1
    sample: Text | None = None
    subject: Text
    group: Text | None = None
    timepoint: Text | None = None
    cell_type: Text | None = None
    #: column that says which rows are lanes or libraries of one sample: their values are merged
    library: Text | None = None
    visit_key: tuple[Text, ...] = ()
    factors: tuple[Text, ...] = ()
    covariates: tuple[Text, ...] = ()


class ReadOptions(Record):
    """How names in a matrix are tidied while it is read."""

    #: cut from the end of sample names; white space in it counts
    strip_suffix: Annotated[str, BeforeValidator(as_written), Field(min_length=1)] | None = None
    strip_version: StrictBool = False  # ENSG00000141510.18 -> ENSG00000141510
    sum_by: Literal["gene_name"] | None = None  # counts of features with the same name are summed
    #: EPIC v2: replicates of a probe (cg00000029_TC21, cg00000029_TC22) become their mean
    collapse_replicates: StrictBool = False
    #: methylated and unmethylated signals stay in the lake, where steps of `normalise` find them
    keep_signals: StrictBool = False
    #: rows of genes that Excel turned into dates, where no reference says which: an error if unsaid
    excel_dates: Literal["drop", "keep"] | None = None
    #: table of transcripts and genes, GTF or GFF3, for salmon's and kallisto's transcripts
    transcripts: File | None = None
    #: which counts of STAR; found out from all files where it is left out
    strandedness: Literal["unstranded", "forward", "reverse"] | None = None
    #: counts made from abundances, as tximport does
    counts_from_abundance: Literal["none", "scaledTPM", "lengthScaledTPM"] = "none"


class BeadFilter(Record):
    """Probes with too few beads in too many samples."""

    minimum: Annotated[Number, Field(gt=0)] = 3.0
    share: Annotated[Number, Field(ge=0, lt=1)] = 0.05


def _off(value: Any) -> Any:
    """Read `false` as a step that is switched off."""
    return None if value is False else value


#: A share or a p-value above which something is dropped; `false` switches the step off.
Limit = Annotated[Annotated[Number, Field(gt=0, lt=1)] | None, BeforeValidator(_off)]


class ProbeFilter(Record):
    """Which betas, samples and probes are left out, in this order; defaults: the model study's."""

    detection_p: Limit = 0.01
    sample_missing: Limit = 0.1
    probe_missing: Limit = 0.2
    beads: Annotated[BeadFilter | None, BeforeValidator(_off)] = BeadFilter()
    non_cpg: StrictBool = True
    masks: StrictBool = True
    sex_chromosomes: StrictBool = True


def _known_format(value: Any, info: ValidationInfo) -> Any:
    """Refuse a format that no reader has, where it is known which there are."""
    known = (info.context or {}).get("formats")
    if known is not None and value not in ("auto", *known):
        raise PydanticCustomError("unknown_word", "no such format", {"words": ["auto", *known]})
    return value


class Assay(Record):
    """One kind of measurement and its matrix files."""

    kind: Literal["counts", "beta", "continuous"]
    #: names, or patterns such as counts/*.tab; an assay with `columns` may read the sheet
    files: Files = ()
    #: columns that are its features: of its files, or of the first sample sheet that has them
    columns: tuple[Text, ...] = ()
    unit: Text | dict[str, Text] = ""  # of all features, or feature -> unit
    transform: Literal["none", "log2", "logit", "rank_normal"] = "none"
    below_detection: Literal["value", "missing", "half"] = "value"
    sample: Text | None = None  # column of the sheet with this assay's sample names
    file: Text | None = None  # column of the sheet with this assay's files, one sample each
    format: Annotated[str, BeforeValidator(_known_format)] = "auto"  # else a name of a reader
    read: ReadOptions = ReadOptions()
    platform: Literal["450K", "EPIC", "EPICv2"] | None = None
    detection_p: Files = ()  # matrices of detection p, where they stand in files of their own
    bead_count: Files = ()
    filter: ProbeFilter = ProbeFilter()
    normalise: Annotated[tuple[NormaliseStep, ...], BeforeValidator(as_steps)] = ()
    impute: Literal["none", "mean"] = "none"
    m_value_clip: Annotated[Number, Field(gt=0, lt=0.5)] = 1e-6

    @property
    def name_column(self) -> str | None:
        """Column of the sheet that says how the files name this assay's samples."""
        return self.sample or self.file

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the matrix in the lake, from the first to the one that is analysed."""
        last = () if self.impute == "none" else ("imputed",)
        if (self.transform, self.below_detection) != ("none", "value"):
            last = ("transformed",)
        return ("raw", *(step.layer for step in self.normalise), *last)

    def unit_of(self, feature: str) -> str | None:
        """Return the unit that study.yml gives to a feature, None where it gives none."""
        return (self.unit.get(feature) if isinstance(self.unit, dict) else self.unit) or None


class DerivedAssay(Assay):
    """Numbers of kind continuous that are made from another assay; its matrix is one layer."""

    made: Derive

    @property
    def layers(self) -> tuple[str, ...]:
        """The only layer."""
        return (DERIVED,)


class Thresholds(Record):
    """What counts as found in summaries."""

    p: Annotated[Number, Field(gt=0, le=1)] | None = None
    adj_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    delta_beta: Annotated[Number, Field(ge=0, le=1)] | None = None
    log_fc: Annotated[Number, Field(ge=0)] | None = None


@dataclass(frozen=True)
class OfStep:
    """Marks a key of an analysis that a step of its own reads: no contrast depends on it."""


class Analysis(Record):
    """One fit and its contrasts."""

    assay: Text
    where: Text | None = None  # SQL condition over dim_sample
    values: Literal["log_cpm", "voom", "m_value", "beta", "measured"]
    voom: Voom = Voom()
    normalisation_samples: Literal["all", "selected"] = "all"
    filter: Literal["none", "filter_by_expr"] = "none"
    array_weights: StrictBool = False  # samples weighted by how well they fit
    model: Model
    moderation: Moderation = Moderation()
    contrast_errors: Literal["exact", "limma"] = "exact"
    thresholds: Annotated[Thresholds, OfStep()] = Thresholds()
    #: name -> expression; a reserved key (time_within_group, ...) -> "all"
    contrasts: Annotated[dict[str, Text], Field(min_length=1)]
    joint_tests: dict[str, tuple[Text, ...]] = Field(default_factory=dict)  # F tests, by name
    permutations: Annotated[Permutations | None, OfStep()] = None
    sensitivity: Annotated[Sensitivity | None, OfStep()] = None
    explained_by: Annotated[ExplainedBy | None, OfStep()] = None
    variance_partition: Annotated[VariancePartition | None, OfStep()] = None
    return_to: Annotated[tuple[ReturnTo, ...], BeforeValidator(listed_alone), OfStep()] = ()
    rebound: Rebound | None = None
    dmr: Annotated[Dmr | None, OfStep()] = None
    dmp_deg: Annotated[DmpDeg | None, OfStep()] = None
    enrichment: Annotated[Enrichment | None, OfStep()] = None
    modules: Annotated[Modules | None, OfStep()] = None
    #: published tables that the contrasts are compared with, by name
    signatures: Annotated[dict[str, Signature], OfStep()] = Field(default_factory=dict)


#: Keys of an analysis on which its contrasts do not depend.
STEP_KEYS = frozenset(
    name for name, field in Analysis.model_fields.items() if OfStep() in field.metadata
)


class Reference(Record):
    """Annotation files."""

    manifest: Files = ()  # probe annotation; the first that knows a probe counts
    masks: Files = ()  # probes not to be trusted
    gene_sets: Files = ()  # GMT; a collection is called like its file
    gene_lists: dict[str, File] = Field(default_factory=dict)  # name -> one gene a line
    network: Network = None  # edge list: two genes a line
    genes: Files = ()  # GTF, GFF3, HGNC, gene_info or a plain table; the first that says it counts


class Identity(Record):
    """How it is looked for whose each sample is."""

    #: column of the sheets; left out = the one called sex or gender, if there is one
    sex: Text | None = None


class Study(Record):
    """A whole study.yml, paths made absolute."""

    study: Text
    samples: Annotated[tuple[SampleSheet, ...], Field(min_length=1)]
    #: in the order of time; left out = one visit
    timepoints: Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(in_order)] = (
        ONE_TIMEPOINT,
    )
    groups: Annotated[tuple[Text, ...], Field(min_length=1)] = (ONE_GROUP,)  # left out = one group
    subject_noun: Pair = ("person", "people")  # what people read: of one, of several
    timepoint_noun: Pair = ("timepoint", "timepoints")
    describe: dict[str, Text] = Field(default_factory=dict)  # column of the sheets -> what it is
    assays: Annotated[dict[str, Assay], Field(min_length=1)]
    identity: Identity = Identity()
    derive: dict[str, Derive] = Field(default_factory=dict)  # numbers made from another assay
    reference: Reference = Reference()
    analyses: dict[str, Analysis] = Field(default_factory=dict)

    @property
    def measured_assays(self) -> dict[str, Assay]:
        """The assays that have files of their own, without those that are derived."""
        return {n: a for n, a in self.assays.items() if not isinstance(a, DerivedAssay)}

    @property
    def derived_assays(self) -> dict[str, DerivedAssay]:
        """The assays that are made from others, each behind those that it is made from."""
        left = {n: a for n, a in self.assays.items() if isinstance(a, DerivedAssay)}
        ordered: dict[str, DerivedAssay] = {}
        while left:
            ready = sorted(n for n, a in left.items() if a.made.source not in left)
            if not ready:  # a circle, which the rules refuse
                break
            ordered |= {name: left.pop(name) for name in ready}
        return ordered

    def with_derived(self) -> Study:
        """Return the study with its derived assays among the assays."""
        made = {
            name: DerivedAssay(kind="continuous", unit=derive.how.unit, made=derive)
            for name, derive in self.derive.items()
            if name not in self.assays
        }
        return self.model_copy(update={"assays": {**self.assays, **made}}) if made else self

    @property
    def nouns(self) -> Nouns:
        """What messages and the report call a subject and a timepoint."""
        return nouns(self.subject_noun, self.timepoint_noun)

    @property
    def has_groups(self) -> bool:
        """Whether study.yml names groups, be it one."""
        return "groups" in self.model_fields_set

    @property
    def has_timepoints(self) -> bool:
        """Whether study.yml names timepoints, be it one."""
        return "timepoints" in self.model_fields_set

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
