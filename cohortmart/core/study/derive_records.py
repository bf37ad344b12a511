"""Derived assays in study.yml: numbers per sample that are made from another assay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from cohortmart.core.study.values import File, Number, Record, Text

#: Below this share of the features of a reference file a warning is given, and below the other
#: nothing is computed.
WARN_BELOW, REFUSE_BELOW = 0.8, 0.5


class Derive(Record):
    """One derived assay: from which assay, by which method, with which file."""

    source: Annotated[Text, Field(alias="from")]  # the assay it is made from
    method: Literal["cell_fractions", "linear_score", "activity"]
    reference: File | None = None  # CpGs x cell types
    solver: Literal["constrained", "robust"] = "constrained"
    sum: Literal["at_most_one", "one"] = "at_most_one"
    weights: File | None = None  # feature and weight
    intercept: Number | None = None
    transform: Literal["none", "anti_log_linear", "logistic", "exponential"] = "none"
    network: File | None = None  # source, target and weight
    minimum_targets: Annotated[Number, Field(ge=1)] = 5.0

    @property
    def how(self) -> Method:
        """What there is to know of the method."""
        return DERIVE_METHODS[self.method]

    @property
    def file(self) -> File:
        """The file of the method; the rules let none pass that lacks it."""
        path: File | None = getattr(self, self.how.file)
        assert path is not None
        return path


@dataclass(frozen=True)
class Method:
    """A way to derive an assay.

    Parameters
    ----------
    title : str
        How it is written in messages.
    kinds : tuple of str
        Kinds of the assays it takes.
    file : str
        Key of its file.
    options : tuple of str
        Its further keys.
    unit : str
        Of its numbers.
    one, many : str
        What its features are called, and those of the file that it looks up in the assay.
    features : str
        What the file's features are.
    """

    title: str
    kinds: tuple[str, ...]
    file: str
    options: tuple[str, ...]
    unit: str
    one: str
    many: str
    features: str


DERIVE_METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "cell_fractions": Method(
            "cell fractions", ("beta",), "reference", ("solver", "sum"), "fraction", "cell type",
            "cell types", "CpG",
        ),
        "linear_score": Method(
            "linear scores", ("counts", "beta", "continuous"), "weights",
            ("intercept", "transform"), "score", "score", "scores", "feature",
        ),
        "activity": Method(
            "activities", ("counts", "continuous"), "network", ("minimum_targets",), "t",
            "source", "sources", "target",
        ),
    }
)  # fmt: skip
#: Keys that belong to a method.
METHOD_KEYS = tuple(k for m in DERIVE_METHODS.values() for k in (m.file, *m.options))
#: Keys that name a file.
FILE_KEYS = tuple(m.file for m in DERIVE_METHODS.values())
