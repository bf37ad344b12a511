"""Features of a study: all that is known of a gene, a CpG or a measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cohortmart.api.names import features_meant, gene_meant, no_such
from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.api.relation import Relation
from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import BETA, KINDS

#: Results of features in every analysis; `{those}` gives their assay and id.
_RESULTS = """
    select r.analysis, r.contrast, d.assay, r.feature_id, r.feature_name, d.meaning,
        r.* exclude (analysis, contrast, feature_id, feature_name)
    from ({those}) as f
    inner join dim_contrast as d on d.assay = f.assay
    inner join fct_contrast_result as r
        on r.analysis = d.analysis and r.contrast = d.contrast and r.feature_id = f.feature_id
    order by r.analysis, d.contrast_order nulls last, r.contrast, r.feature_id
"""
#: The features of a gene: itself, its CpGs, its proteins.
_OF_GENE = """
    select a.assay, unnest($ids::varchar[]) as feature_id
    from staging.stg_lake__assays as a where a.kind = 'counts'
    union all
    select a.assay, p.probe_id
    from staging.stg_lake__assays as a
    cross join (select distinct probe_id from bridge_probe_gene where gene_name = $name) as p
    where a.kind = 'beta'
    union all
    select assay, feature_id from dim_measure where gene_name = $name
"""


@dataclass(frozen=True, eq=False)
class Gene:
    """What a study knows of a gene. Every relation is asked when its rows are wanted.

    Parameters
    ----------
    name : str or None
        Its symbol; None where it has an id alone.
    gene_ids : tuple of str
        Its ids in the assays of counts; none where no counts of it were measured.
    """

    name: str | None
    gene_ids: tuple[str, ...]
    _warehouse: OpenWarehouse

    @property
    def expression(self) -> Relation:
        """Return count, cpm and log2_cpm by sample, as in visit_expression."""
        return self._of_ids("select * from visit_expression where list_contains($ids, gene_id)"
                            " order by assay, gene_id, sample_id")  # fmt: skip

    @property
    def methylation(self) -> Relation:
        """Return beta and M-value of its kept CpGs by sample, as in visit_methylation."""
        return self._of_name(
            "select * from visit_methylation where probe_id in (select probe_id from "
            "bridge_probe_gene where gene_name = $name) order by assay, probe_id, sample_id"
        )

    @property
    def measurements(self) -> Relation:
        """Return its proteins and other measures by sample, as in visit_measurement."""
        return self._of_name(
            "select * from visit_measurement where gene_name = $name "
            "order by assay, feature_id, sample_id"
        )

    @property
    def contrasts(self) -> Relation:
        """Return the results of the gene, its CpGs and its proteins in all analyses."""
        params = {"ids": list(self.gene_ids), "name": self.name}
        return Relation(self._warehouse, _RESULTS.format(those=_OF_GENE), params)

    @property
    def probes(self) -> Relation:
        """Return its CpGs: where they lie in the gene and on the chromosome, and if kept."""
        return self._of_name(
            "select b.probe_id, b.region, p.* exclude (probe_id) from bridge_probe_gene as b "
            "inner join dim_probe as p using (probe_id) where b.gene_name = $name "
            "order by p.chromosome, p.position, b.probe_id, b.region"
        )

    @property
    def pairs(self) -> Relation:
        """Return its CpGs that change together with it, as in dmp_deg."""
        return self._of_name(
            "select * from dmp_deg where gene_name = $name "
            "order by analysis, contrast, p_within nulls last, probe_id"
        )

    @property
    def sets(self) -> Relation:
        """Return the gene sets that it is in."""
        return self._of_name(
            "select * from bridge_gene_set where gene_name = $name order by collection, gene_set"
        )

    def _of_ids(self, query: str) -> Relation:
        return Relation(self._warehouse, query, {"ids": list(self.gene_ids)})

    def _of_name(self, query: str) -> Relation:
        return Relation(self._warehouse, query, {"name": self.name})

    def __repr__(self) -> str:
        ids = ", ".join(self.gene_ids) or "no counts"
        return (
            f"gene {self.name or ids}" + (f" ({ids})" if self.name else "")
            + ": expression, methylation, measurements, contrasts, probes, pairs, sets"
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Feature:
    """What a study knows of one feature of one assay.

    Parameters
    ----------
    assay, kind : str
    feature_id : str
    """

    assay: str
    kind: str
    feature_id: str
    _warehouse: OpenWarehouse

    @property
    def values(self) -> Relation:
        """Return its values by sample, as in the visit table of its kind."""
        kind = KINDS[self.kind]
        return self._asked(
            f"select * from {kind.visits} where assay = $assay and {kind.feature_column} = $id "
            "order by sample_id"
        )

    @property
    def contrasts(self) -> Relation:
        """Return its results in all analyses."""
        return self._asked(_RESULTS.format(those="select $assay as assay, $id as feature_id"))

    @property
    def genes(self) -> Relation:
        """Return the names of the genes that it is or lies in; of a CpG with the region."""
        query = {
            "counts": "select gene_name from dim_gene where gene_id = $id",
            BETA: "select gene_name, region from bridge_probe_gene where probe_id = $id",
        }.get(
            self.kind,
            "select gene_name from dim_measure where assay = $assay and feature_id = $id",
        )
        params = {"id": self.feature_id} | ({"assay": self.assay} if "$assay" in query else {})
        return Relation(self._warehouse, f"{query} order by all", params)

    def _asked(self, query: str) -> Relation:
        return Relation(self._warehouse, query, {"assay": self.assay, "id": self.feature_id})

    def __repr__(self) -> str:
        shown = KINDS[self.kind].shown
        return f"{shown} {self.feature_id} of {self.assay}: values, contrasts, genes"


def gene_of(warehouse: OpenWarehouse, word: str) -> Gene:
    """Return the gene that a word means, see `cohortmart.api.names.gene_meant`."""
    name, gene_ids = gene_meant(warehouse.connection(), word)
    return Gene(name, gene_ids, warehouse)


def feature_of(warehouse: OpenWarehouse, word: str, assay: str | None = None) -> Feature:
    """Return the feature that a word means in one of the assays.

    Parameters
    ----------
    warehouse : OpenWarehouse
    word : str
        Id or name.
    assay : str, optional
        Needed where several assays have such a feature.

    Raises
    ------
    InputError
        No feature is meant, or more than one.
    """
    assays = assay_kinds(warehouse)
    if assay is not None and assay not in assays:
        raise no_such("assay", [assay], sorted(assays))
    asked = assays if assay is None else {assay: assays[assay]}
    found: list[Feature] = []
    faults: list[InputError] = []
    for name, kind in sorted(asked.items()):
        try:
            ids = features_meant(warehouse.connection(), name, kind, [word])
        except InputError as fault:
            faults.append(fault)
            continue
        found += [Feature(name, kind, feature, warehouse) for feature in ids]
    exact = [one for one in found if one.feature_id == word]
    found = exact or found
    if not found:
        raise next((f for f in faults if f.hint), faults[0])
    if len(found) > 1:
        raise InputError(
            f"`{word}` means {len(found)} features",
            found="; ".join(f"{one.feature_id} of {one.assay}" for one in found[:8]),
            hint="name the assay, or one of these ids",
        )
    return found[0]


def assay_kinds(warehouse: OpenWarehouse) -> dict[str, str]:
    """Return the kind of each assay by its name."""
    query = "select assay, kind from staging.stg_lake__assays order by assay"
    rows: list[dict[str, Any]] = Relation(warehouse, query).arrow().to_pylist()
    return {row["assay"]: row["kind"] for row in rows}
