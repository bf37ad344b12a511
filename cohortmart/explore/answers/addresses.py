"""Addresses of views: where a gene, a contrast or a person is shown."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode

#: Addresses that are kept: a page names the same features and contrasts again and again.
_KEPT = 4096


def address(view: str, **wanted: str | None) -> str:
    """Return the address of a view.

    Parameters
    ----------
    view : str
        Its name in the registry; the first page if empty.
    **wanted : str or None
        What stands behind the `?`, in this order; what is empty is left out.
    """
    given = {name: value for name, value in wanted.items() if value}
    return f"/{view}" + (f"?{urlencode(given)}" if given else "")


@lru_cache(_KEPT)
def gene_address(name: str) -> str:
    """Return where a gene is shown, by its name or id."""
    return address("gene", name=name)


@lru_cache(_KEPT)
def feature_address(assay: str, feature_id: str) -> str:
    """Return where a CpG, a protein or another measure of an assay is shown."""
    return address("feature", assay=assay, id=feature_id)


@lru_cache(_KEPT)
def contrast_address(analysis: str, contrast: str) -> str:
    """Return where a contrast is shown."""
    return address("contrast", analysis=analysis, contrast=contrast)


def set_address(gene_set: str, collection: str | None = None) -> str:
    """Return where a gene set is shown."""
    return address("set", name=gene_set, collection=collection)


def module_address(analysis: str, pair: str) -> str:
    """Return where the module around the genes of a pair of changes is shown."""
    return address("module", analysis=analysis, name=pair)


def sample_address(sample: str) -> str:
    """Return where a sample is shown, by the name that may be shown."""
    return address("sample", name=sample)


def person_address(subject: str) -> str:
    """Return where a person is shown, by the name that may be shown."""
    return address("person", name=subject)


def list_address(features: str, **wanted: str | None) -> str:
    """Return where a list of features is shown, the features separated by spaces."""
    return address("list", features=features, **wanted)


def compare_address(analysis: str, contrast: str, with_analysis: str, with_contrast: str) -> str:
    """Return where two contrasts are compared."""
    return address("compare", analysis=analysis, contrast=contrast,
                   with_analysis=with_analysis, with_contrast=with_contrast)  # fmt: skip
