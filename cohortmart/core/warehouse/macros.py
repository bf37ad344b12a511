"""SQL that dbt and the analyses share: macros in plain Jinja, rendered without dbt."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from cohortmart.core.dbt_project import dbt_project_folder

#: Files of macros/ that need nothing of dbt's context.
FILES = ("tmm.sql", "probe_annotation.sql", "probe_filters.sql", "found.sql", "betas.sql")


def rendered(macro: str, *relations: str) -> str:
    """Return the SQL of a macro.

    Parameters
    ----------
    macro : str
        Its name.
    *relations : str
        Names of the relations that it reads.

    Raises
    ------
    KeyError
        No shared file has a macro of this name.
    """
    for module in _modules():
        if hasattr(module, macro):
            return str(getattr(module, macro)(*relations))
    raise KeyError(macro)


@cache
def _modules() -> tuple[Any, ...]:
    folder = dbt_project_folder() / "macros"
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return tuple(
        environment.from_string((folder / name).read_text(encoding="utf-8")).module
        for name in FILES
    )
