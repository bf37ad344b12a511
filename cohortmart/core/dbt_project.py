"""The dbt project: SQL and YAML of the warehouse's tables."""

from __future__ import annotations

from pathlib import Path

from cohortmart.core.errors import BuildError


def dbt_project_folder() -> Path:
    """Return the folder of dbt_project.yml: in an installed package, or above it in a checkout.

    Raises
    ------
    BuildError
        The installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "dbt_project", package.parent):
        if (folder / "dbt_project.yml").exists():
            return folder
    raise BuildError(f"this installation of cohortmart lacks its dbt project (beside {package})")
