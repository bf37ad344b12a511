"""The gene sets an analysis is tested for, and which of their genes are in a universe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.enrichment.found_genes import unknown_contrast
from analyses.load.identifiers import no_gene_in_common
from analyses.stats.gene_sets.membership import Membership, membership
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.findings_records import Enrichment, GenesOfContrast
from cohortmart.core.study.records import Study
from cohortmart.core.study.rules.findings import FROM_CONTRASTS, GENE_LISTS
from cohortmart.core.types import Bools, Ints

#: Collections of plain lists of genes: meant by name, hence tested whatever their size.
_PLAIN = (GENE_LISTS, FROM_CONTRASTS)


@dataclass(frozen=True, eq=False)
class GeneSets:
    """Sets of gene names, by collection and name.

    Parameters
    ----------
    collection, name : pyarrow.Array of string, length n_sets
    genes : pyarrow.Array of string
        Every name that any set has, once.
    set_index, gene_index : ndarray of shape (n_members,), int64
        Which gene is in which set.
    """

    collection: pa.Array
    name: pa.Array
    genes: pa.Array
    set_index: Ints
    gene_index: Ints


@dataclass(frozen=True, eq=False)
class TestedSets:
    """The sets of the right size in one universe.

    Parameters
    ----------
    collection, name : pyarrow.Array of string, length n_sets
    members : Membership
    """

    collection: pa.Array
    name: pa.Array
    members: Membership

    def collections(self) -> list[Ints]:
        """Return the places of the sets of each collection."""
        codes = self.collection.dictionary_encode().indices.to_numpy(zero_copy_only=False)
        return [np.flatnonzero(codes == c) for c in np.unique(codes)]


def read_gene_sets(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, say: Callable[[str], None]
) -> GeneSets:
    """Read the collections that an analysis names, and the lists it takes from contrasts.

    Parameters
    ----------
    con : DuckDBPyConnection
        With `bridge_gene_set`, and the views `new_found` and `feature_gene`.
    study : Study
    name : str
        Of the analysis.
    say : callable
        Told which lists are left out because their contrast found nothing.

    Raises
    ------
    AnalysisError
        There is no gene set.
    """
    options = study.analyses[name].enrichment
    assert options is not None
    members = con.sql("select collection, gene_set, gene_name from bridge_gene_set")
    tables = [members.to_arrow_table()]
    for label, wanted in sorted(options.from_contrasts.items()):
        found = _genes_of_contrast(con, study, wanted)
        if not found.num_rows:
            direction = "" if wanted.direction == "any" else f" {wanted.direction}"
            say(
                f"note: the list `{label}` is not tested: contrast {wanted.contrast} of analysis "
                f"{wanted.analysis} found no gene{direction}"
            )
        columns = [
            pa.array([text] * found.num_rows, pa.string()) for text in (FROM_CONTRASTS, label)
        ]
        tables.append(
            pa.Table.from_arrays([*columns, found["gene_name"]], names=tables[0].column_names)
        )
    table = pa.concat_tables([t.cast(_MEMBER) for t in tables])
    if options.collections:
        known = sorted(set(table["collection"].to_pylist()))
        table = table.filter(pc.is_in(table["collection"], pa.array(options.collections)))
    of_contrasts = not options.collections or FROM_CONTRASTS in options.collections
    if not table.num_rows and not (options.from_contrasts and of_contrasts):
        _raise_no_sets(name, options, known if options.collections else [])
    return _indexed(table)


_MEMBER = pa.schema([(c, pa.string()) for c in ("collection", "gene_set", "gene_name")])


def _raise_no_sets(name: str, options: Enrichment, known: list[str]) -> None:
    raise AnalysisError(
        f"analysis {name}: there is no gene set to test for",
        expected=", ".join(options.collections) if options.collections else "at least one gene",
        found=", ".join(known) if known else "none in the warehouse",
        hint="name GMT files under `reference.gene_sets` or lists under `reference.gene_lists`",
    )


def _genes_of_contrast(
    con: duckdb.DuckDBPyConnection, study: Study, wanted: GenesOfContrast
) -> pa.Table:
    """Return the names of the genes a contrast found, each once.

    Raises
    ------
    AnalysisError
        The analysis has results, but no such contrast.
    """
    names = con.sql(
        "select contrast from new_contrast where analysis = $1 order by contrast",
        params=[wanted.analysis],
    ).to_arrow_table()["contrast"].to_pylist()  # fmt: skip
    if names and wanted.contrast not in names:
        raise unknown_contrast(f"analysis {wanted.analysis}", wanted.contrast, names)
    return con.sql(
        """
        select distinct g.gene_name
        from new_found as f
        inner join feature_gene as g on f.feature_id = g.feature_id and g.assay = $1
        where f.analysis = $2 and f.contrast = $3 and ($4 = 'any' or f.direction = $4)
        and g.gene_name is not null
        """,
        params=[study.analyses[wanted.analysis].assay, wanted.analysis, wanted.contrast,
                wanted.direction],
    ).to_arrow_table()  # fmt: skip


def _indexed(table: pa.Table) -> GeneSets:
    """Give the sets, by collection and name, and the genes their places."""
    keys = ["collection", "gene_set"]
    sets = table.select(keys).group_by(keys).aggregate([])
    sets = sets.sort_by([(k, "ascending") for k in keys])
    numbered = sets.append_column("number", pa.array(np.arange(sets.num_rows)))
    joined = table.join(numbered, keys=keys)
    genes = pc.unique(joined["gene_name"].drop_null())
    genes = genes.take(pc.sort_indices(genes))
    joined = joined.filter(pc.is_valid(joined["gene_name"]))
    return GeneSets(
        collection=sets["collection"].combine_chunks(),
        name=sets["gene_set"].combine_chunks(),
        genes=genes,
        set_index=joined["number"].to_numpy(),
        gene_index=pc.index_in(joined["gene_name"], value_set=genes).to_numpy().astype(np.int64),
    )


def sets_in_universe(
    sets: GeneSets,
    universe: pa.Array,
    options: Enrichment,
    where: str,
    say: Callable[[str], None],
) -> TestedSets:
    """Restrict the sets to a universe, and to those whose size there is within the limits.

    Parameters
    ----------
    sets : GeneSets
    universe : pyarrow.Array of string
        The genes that could be found, each once.
    options : Enrichment
        The limits; they do not hold for plain lists, which need one gene.
    where : str
        What the universe is, for messages.
    say : callable
        Told which lists from contrasts have no gene in the universe.

    Raises
    ------
    AnalysisError
        A collection of sets, or a list from a file, has no gene in the universe.
    """
    at = pc.index_in(sets.genes, value_set=universe).fill_null(-1).to_numpy().astype(np.int64)
    members = membership(sets.set_index, at[sets.gene_index], len(sets.name), len(universe))
    plain = pc.is_in(sets.collection, value_set=pa.array(_PLAIN)).to_numpy(zero_copy_only=False)
    for whose, error in _strangers(sets, members.sizes, plain, universe, where):
        if whose != FROM_CONTRASTS:
            raise error
        say(f"note: {error.problem}; it is not tested")  # may be: the genes hang on the data
    right_size = (members.sizes >= options.minimum_size) & (members.sizes <= options.maximum_size)
    kept = np.flatnonzero(np.where(plain, members.sizes >= 1, right_size))
    rows = pa.array(kept)
    return TestedSets(sets.collection.take(rows), sets.name.take(rows), members.select(kept))


def _strangers(
    sets: GeneSets, sizes: Ints, plain: Bools, universe: pa.Array, where: str
) -> Iterator[tuple[str, AnalysisError]]:
    """Yield the plain lists, and whole collections, without a gene in the universe."""
    places: dict[tuple[str, str], list[int]] = {}
    names = zip(sets.collection.to_pylist(), sets.name.to_pylist(), strict=True)
    for i, (collection, name) in enumerate(names):
        what = f"the gene list `{name}`" if plain[i] else f"the gene sets `{collection}`"
        places.setdefault((collection, what), []).append(i)
    for (collection, what), its in places.items():
        if not sizes[its].any():
            index = np.unique(sets.gene_index[np.isin(sets.set_index, its)])
            genes = sets.genes.take(pa.array(index)).to_pylist()
            yield collection, no_gene_in_common(what, genes, where, universe.to_pylist())
