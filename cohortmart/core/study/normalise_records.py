"""Normalisation steps of an assay in study.yml: one field a step, with its name and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import StrictBool

from cohortmart.core.study.values import Record, Text


@dataclass(frozen=True)
class Method:
    """What there is to know of a step before anything is computed.

    Parameters
    ----------
    title : str
        How the method is written in messages.
    kind : {"beta", "counts"}
        Of the assays that may have it.
    written : str
        How the step is written in study.yml, in backticks.
    instead : str
        What an assay of the other kind has in its place, if it has something.
    needs_manifest : str
        Why the step cannot do without the array's manifest; empty if it can.
    """

    title: str
    kind: Literal["beta", "counts"]
    written: str
    instead: str = ""
    needs_manifest: str = ""


class BatchOptions(Record):
    """A step that removes what differs between batches: `keep` names what is protected."""

    batch: Text
    keep: tuple[Text, ...] = ()


class Combat(BatchOptions):
    """ComBat: `batch` is removed, what `keep` names is protected."""

    mean_only: StrictBool = False


class CombatSeq(BatchOptions):
    """ComBat-seq, for counts: `batch` is removed, what `keep` names is protected."""


class NormaliseStep(Record):
    """One step of `normalise`: `bmiq`, `combat: {batch: ..., keep: [...]}` or `combat_seq: ...`.

    A step is a field here, called like the layer that it writes.
    """

    bmiq: Annotated[
        Literal[True] | None,
        Method(
            "BMIQ",
            "beta",
            "`bmiq`",
            needs_manifest="BMIQ needs to know which probes are of design type I and II",
        ),
    ] = None
    combat: Annotated[
        Combat | None,
        Method("ComBat", "beta", "`combat: {batch: ..., keep: [...]}`", "combat_seq"),
    ] = None
    combat_seq: Annotated[
        CombatSeq | None,
        Method("ComBat-seq", "counts", "`combat_seq: {batch: ..., keep: [...]}`", "combat"),
    ] = None

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that it names; the rules let one pass."""
        return tuple(name for name in METHODS if getattr(self, name) is not None)

    @property
    def layer(self) -> str:
        """Name of the lake layer that the step writes."""
        return self.methods[0]

    @property
    def options(self) -> Any:
        """What the step is asked: True where it is a word alone."""
        return getattr(self, self.layer)


#: The methods by the name of their step, which is that of its layer too.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        name: next(m for m in field.metadata if isinstance(m, Method))
        for name, field in NormaliseStep.model_fields.items()
    }
)


def step_of(options: Record) -> str:
    """Return the name of the step that has these options."""
    return next(
        name
        for name, field in NormaliseStep.model_fields.items()
        if type(options) in get_args(field.annotation)
    )


def as_steps(value: Any) -> Any:
    """Read a step that is only a word, such as `bmiq`, as `bmiq: true`."""
    if isinstance(value, str) or hasattr(value, "text"):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return value
    words = [getattr(step, "text", step) for step in value]
    return tuple({word: True} if isinstance(word, str) else word for word in words)
