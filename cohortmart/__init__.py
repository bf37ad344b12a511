"""Data warehouse for longitudinal multi-omics cohorts.

The names of `__all__` are public, with what their docstrings say; docs/python.md shows them.
Everything else may change from one version to the next.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohortmart.api.chart import Chart as Chart
    from cohortmart.api.features import Feature as Feature
    from cohortmart.api.features import Gene as Gene
    from cohortmart.api.fit import Fit as Fit
    from cohortmart.api.fit import fit as fit
    from cohortmart.api.matrix import Matrix as Matrix
    from cohortmart.api.relation import Relation as Relation
    from cohortmart.api.study import Study as Study
    from cohortmart.api.study import open as open
    from cohortmart.app.commands.run_and_open import run as run
    from cohortmart.core.errors import CohortmartError as CohortmartError
    from cohortmart.core.errors import InputError as InputError

__version__ = "0.1.0"

#: The one list of public names, each with the module that has it. A module is imported when its
#: name is first used, so that `import cohortmart` costs nothing.
_PUBLIC = {
    "Chart": "cohortmart.api.chart",
    "CohortmartError": "cohortmart.core.errors",
    "Feature": "cohortmart.api.features",
    "Fit": "cohortmart.api.fit",
    "Gene": "cohortmart.api.features",
    "InputError": "cohortmart.core.errors",
    "Matrix": "cohortmart.api.matrix",
    "Relation": "cohortmart.api.relation",
    "Study": "cohortmart.api.study",
    "fit": "cohortmart.api.fit",
    "open": "cohortmart.api.study",
    "run": "cohortmart.app.commands.run_and_open",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PUBLIC[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
