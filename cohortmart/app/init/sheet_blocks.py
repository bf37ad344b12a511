"""The blocks of `samples`: a sheet, its roles, its further columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cohortmart.app.init.columns import SheetTable
from cohortmart.app.init.roles import Roles
from cohortmart.app.init.sheets import JoinedSheet, MainSheet
from cohortmart.app.init.variables import Variables, find_variables


@dataclass(frozen=True, eq=False)
class SheetBlock:
    """One block of `samples`.

    Parameters
    ----------
    table : SheetTable
    roles : dict of str to str
        Key of study.yml to its column.
    visit_key : tuple of str
    variables : Variables
    why : dict of str to str
    """

    table: SheetTable
    roles: Mapping[str, str]
    visit_key: tuple[str, ...]
    variables: Variables
    why: Mapping[str, str]

    @property
    def record(self) -> dict[str, Any]:
        """The block as study.yml's record has it."""
        sheet = {} if self.table.worksheet is None else {"sheet": self.table.worksheet}
        return {
            "file": self.table.path,
            **sheet,
            **self.roles,
            "visit_key": list(self.visit_key),
            "factors": list(self.variables.factors),
            "covariates": list(self.variables.covariates),
        }


def sheet_blocks(
    main: MainSheet,
    table: SheetTable,
    roles: Roles,
    names: Sequence[str],
    further: Sequence[JoinedSheet],
) -> tuple[SheetBlock, ...]:
    """Return the blocks of all sheets, each column with a role or as a variable once.

    Parameters
    ----------
    main : MainSheet
    table : SheetTable
        Its rows, one a sample.
    roles : Roles
    names : sequence of str
        Columns with the names that samples have in further assays.
    further : sequence of JoinedSheet
    """
    of_first = {c.name for c in table.columns}
    keys = ("sample", "subject", "group", "timepoint", "cell_type", "library")
    written = {key: c for key in keys if (c := getattr(roles, key)) is not None}
    first = {key: c for key, c in written.items() if c in of_first}
    taken = {*roles.used, *names}
    merged = roles.library or roles.sample
    variables = find_variables(
        main.table.columns, taken - set(roles.visit_key), main.table.column(merged)
    )
    variables = _without_keys(variables, roles.visit_key)
    blocks = [SheetBlock(main.table, first, roles.visit_key, variables, roles.why)]
    in_use = {*taken, *variables.factors, *variables.covariates}
    for sheet in further:
        role = {"subject": sheet.subject, **sheet.keys}
        if sheet.sample is not None:
            role["sample"] = sheet.sample
        own = {c.name for c in sheet.columns}
        if roles.group in own and "group" not in first:
            role["group"] = written["group"]
        of_sheet = find_variables(
            [c for c in sheet.columns if c.name not in role.values()],
            in_use,
        )
        in_use |= {*of_sheet.factors, *of_sheet.covariates}
        blocks.append(SheetBlock(sheet.table, role, (), of_sheet, {}))
    return tuple(blocks)


def _without_keys(variables: Variables, visit_key: Sequence[str]) -> Variables:
    kept = tuple(name for name in variables.factors if name not in visit_key)
    out = tuple(pair for pair in variables.left_out if pair[0] not in visit_key)
    return replace(variables, factors=kept, left_out=out)
