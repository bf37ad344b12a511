"""The normalisation steps, by the name of the layer that each writes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyses.normalise.layer_step import LayerStep
from analyses.normalise.steps.bmiq import BMIQ
from analyses.normalise.steps.combat import COMBAT
from analyses.normalise.steps.combat_seq import COMBAT_SEQ
from analyses.normalise.steps.impute import IMPUTED
from analyses.normalise.steps.transformed import TRANSFORMED

LAYER_STEPS: Mapping[str, LayerStep] = MappingProxyType(
    {step.name: step for step in (BMIQ, COMBAT, COMBAT_SEQ, IMPUTED, TRANSFORMED)}
)
