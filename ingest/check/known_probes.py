"""How many probes of a methylation assay its manifests know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.text import counted, joined
from ingest.read.matrix.replicates import common_probe_ids

#: A smaller share of known probes gets a note.
FEW = 0.5
_SHOWN = 2


def known_probe_note(
    assay: str, probes: Any, manifests: Mapping[str, Any], *, first: bool = False
) -> str | None:
    """Say that few or none of an assay's probes are in the manifests, None if most are.

    Parameters
    ----------
    assay : str
        Of kind beta.
    probes : pa.StringArray, shape (n,)
        Ids of its probes.
    manifests : mapping of str to pa.StringArray
        File of each manifest and the ids that it has.
    first : bool
        Whether `probes` are the first ones of more.
    """
    if not len(probes) or not manifests:
        return None
    known = pa.concat_arrays([_known(probes, ids) for ids in manifests.values()])
    n_known = len(pc.unique(known))
    if n_known >= FEW * len(probes):
        return None
    which = "the first " if first else ""
    verb = "is" if n_known == 1 else "are"
    said = (
        f"{n_known:,} of {which}{counted(len(probes), 'probe')} of assay {assay} {verb} in "
        f"{joined(list(manifests))}"
    )
    if n_known:
        return f"{said}: nothing is known of the places, genes and design types of the others"
    return (
        f"{said} (it has probes such as {_some(next(iter(manifests.values())))}, the assay "
        f"{_some(probes)}): is it the manifest of another array? Without its own nothing is known "
        "of the probes' places, genes and design types, and no probe on X or Y is left out"
    )


def _known(probes: Any, ids: Any) -> Any:
    """Return the probes that a manifest has, by their name or the name that all arrays share."""
    there = pc.or_(
        pc.is_in(probes, value_set=ids), pc.is_in(probes, value_set=common_probe_ids(ids))
    )
    return probes.filter(there)


def _some(ids: Sequence[Any]) -> str:
    return ", ".join(str(name) for name in ids[:_SHOWN])
