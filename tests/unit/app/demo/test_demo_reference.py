"""The demo's gene sets, disease genes and network hold what the truth tables say."""

import filecmp

import numpy as np
import polars as pl
import pytest
from scipy import sparse, stats

from analyses.stats.network.diamond import diamond
from analyses.stats.network.graph import make_graph
from analyses.stats.network.largest_component import largest_component
from cohortmart.app.demo import SCALES, write_demo
from cohortmart.app.demo.effects import CONTRASTS, plant_in_genes
from cohortmart.app.demo.gene_sets import DISEASE, make_disease_genes, make_gene_sets
from cohortmart.app.demo.network import make_network
from cohortmart.app.demo.scale import Scale
from cohortmart.core.study.load import load_study

SMALL = SCALES["small"]
TINY = Scale(genes=1000, probes=200, arrays=134, betas="betas.csv")
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def drawn(request):
    """A seed, the effects of its genes and its network."""
    plan = plant_in_genes(request.param, SMALL)
    return request.param, plan, make_network(request.param, SMALL, plan)


@pytest.fixture(scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "tiny", TINY)
        yield "tiny"


@pytest.fixture(scope="module")
def raw(tmp_path_factory, tiny):
    return write_demo(tmp_path_factory.mktemp("reference") / "raw", tiny).parent


@pytest.fixture(scope="module")
def effect_of(raw):
    genes = pl.read_csv(raw / "truth" / "genes.csv")
    return dict(zip(genes["gene_name"], genes["effect"], strict=True))


def rebounds(plan):
    return np.char.find(plan.effect, "rebound") >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_three_of_sixty_sets_are_full_of_rebound_genes(seed):
    plan = plant_in_genes(seed, SMALL)
    sets = make_gene_sets(seed, SMALL, plan)
    assert [s.name for s in sets] == [f"DEMO_SET_{i:02d}" for i in range(1, 61)]
    assert all(15 <= len(s.genes) <= 120 for s in sets)
    assert all((np.diff(s.genes) > 0).all() for s in sets)
    effects = {s.planted: plan.effect[s.genes] for s in sets}
    expected = {
        "up-down": {"rebound_up": 30, "none": 30},
        "down-up": {"rebound_down": 30, "none": 30},
        "mixed": {"rebound_up": 15, "rebound_down": 15, "none": 30},
    }
    for kind, counts in expected.items():
        names, n = np.unique(effects[kind], return_counts=True)
        assert dict(zip(names.tolist(), n.tolist(), strict=True)) == counts
    assert [s.planted for s in sets].count("none") == 57
    # the others hold as many as any genes do
    others = np.concatenate([s.genes for s in sets if s.planted == "none"])
    n_rebound = int(rebounds(plan)[others].sum())
    assert stats.binomtest(n_rebound, len(others), rebounds(plan).mean()).pvalue > 0.001
    assert len({len(s.genes) for s in sets}) > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_disease_genes_rebound_in_ms(seed):
    plan = plant_in_genes(seed, SMALL)
    disease = make_disease_genes(seed, plan)
    effects = plan.effect[disease.genes]
    assert len(np.unique(disease.genes)) == 100
    assert np.char.startswith(effects, "ms_rebound").sum() == 40
    assert np.char.startswith(effects, "rebound").sum() == 20


def test_the_network_is_simple_sparse_and_has_hubs(drawn):
    _, _, network = drawn
    assert (network.edges[:, 0] < network.edges[:, 1]).all()
    assert len(np.unique(network.edges, axis=0)) == len(network.edges)
    degree = np.bincount(network.edges.ravel(), minlength=SMALL.genes)
    assert 7 < degree.mean() < 10
    assert degree.max() > 10 * degree.mean()
    # heavy tail: the number of genes beyond k falls like a power of k, not exponentially
    beyond = [(degree > k).sum() for k in (10, 20, 40)]
    assert beyond[1] / beyond[0] > 0.2
    assert beyond[2] / beyond[1] > 0.2


def test_the_neighbourhood_is_connected_and_holds_most_rebound_genes(drawn):
    _, plan, network = drawn
    one, other = network.edges.T
    links = sparse.coo_array((np.ones(len(one)), (one, other)), (SMALL.genes, SMALL.genes))
    inside = links.tocsr()[network.members][:, network.members]
    n_components, _ = sparse.csgraph.connected_components(inside, directed=False)
    assert n_components == 1
    effects = plan.effect[network.members]
    hidden = effects == "none"
    assert hidden.sum() == 45
    assert rebounds(plan)[network.members[~hidden]].all()
    assert (~hidden).sum() == round(0.8 * rebounds(plan).sum())


def test_the_network_shows_what_was_planted(drawn):
    seed, plan, network = drawn
    graph = make_graph(*network.edges.T, SMALL.genes)
    rng = np.random.default_rng(seed)
    rebound = np.flatnonzero(rebounds(plan))
    seeds = np.sort(rng.choice(rebound, round(0.85 * len(rebound)), replace=False))
    together = largest_component(graph, seeds, 200, seed)
    assert together.p_value == 1 / 201
    assert together.z > 3
    added = diamond(graph, seeds, 50, 1, "fixed").nodes
    held_out = np.isin(added, network.members)
    assert held_out.mean() > 0.8
    assert (plan.effect[added[held_out]] == "none").sum() > 15


def test_the_files_hold_what_the_truth_says(raw, effect_of):
    truth = pl.read_csv(raw / "truth" / "gene_sets.csv")
    lines = [line.split("\t") for line in (raw / "gene_sets.gmt").read_text().splitlines()]
    genes = {name: rest for name, _, *rest in lines}
    genes[DISEASE] = (raw / "disease_genes.txt").read_text().split()[1:]
    assert truth["gene_set"].to_list() == list(genes)
    for row in truth.iter_rows(named=True):
        listed = genes[row["gene_set"]]
        assert len(set(listed)) == len(listed) == row["n_genes"]
        effects = [effect_of[gene] for gene in listed]
        for name in ("rebound_up", "rebound_down", "ms_rebound_up", "ms_rebound_down"):
            assert effects.count(name) == row[name]
    planted = dict(truth.filter(pl.col("planted") != "none")["gene_set", "planted"].iter_rows())
    assert planted == {
        "DEMO_SET_07": "up-down",
        "DEMO_SET_23": "down-up",
        "DEMO_SET_41": "mixed",
        DISEASE: "disease",
    }


def test_the_network_file_names_genes_of_the_study(raw, effect_of):
    edges = pl.read_csv(raw / "network.tsv", separator="\t")
    assert edges.columns == ["gene_a", "gene_b"]
    assert set(edges["gene_a"]) | set(edges["gene_b"]) <= set(effect_of)
    network = make_network(1, TINY, plant_in_genes(1, TINY))
    name = list(effect_of)  # in the order of the genes
    assert edges.rows() == [(name[a], name[b]) for a, b in network.edges]
    module = pl.read_csv(raw / "truth" / "module.csv")
    assert module["gene_name"].to_list() == [name[i] for i in network.members]
    assert module["effect"].to_list() == [effect_of[gene] for gene in module["gene_name"]]
    assert (module["hidden"] == (module["effect"] == "none")).all()


def test_the_study_asks_for_everything_behind_the_contrasts(raw):
    study = load_study(raw / "study.yml")
    reference = study.reference
    assert list(reference.gene_sets) == [raw / "gene_sets.gmt"]
    assert dict(reference.gene_lists) == {DISEASE: raw / "disease_genes.txt"}
    assert reference.network is not None
    assert reference.network.file == raw / "network.tsv"
    curve = study.analyses["rna_cd8_weeks"]
    assert (curve.model.curve.of, curve.rebound) == ("pregnancy_week", None)
    measured = {n for n, a in study.analyses.items() if a.values == "measured"}
    assert measured == {"proteins_cd8", "cells_cd8"}
    of_visits = {n: a for n, a in study.analyses.items() if a is not curve and n not in measured}
    for name, analysis in of_visits.items():
        assert analysis.rebound.pairs == (("3rd-1st", "PP-3rd"),)
        assert set(analysis.enrichment.contrasts) <= set(CONTRASTS)
        assert (analysis.modules is not None) == (analysis.assay == "rna")
        linked = name.replace("methylation", "rna") if analysis.assay == "methylation" else None
        assert (analysis.dmp_deg and analysis.dmp_deg.expression) == linked


def test_a_study_without_effects_differs_in_its_effects_alone(raw, tiny, tmp_path):
    null = write_demo(tmp_path / "null", tiny, effects=False).parent
    for kind in ("genes", "probes"):
        truth = pl.read_csv(null / "truth" / f"{kind}.csv")
        assert set(truth["effect"]) == {"none"}
        assert not truth.select(*CONTRASTS).to_numpy().any()
    same = ["samples.csv", "study.yml", "gene_sets.gmt", "disease_genes.txt", "network.tsv"]
    assert filecmp.cmpfiles(raw, null, same, shallow=False) == (same, [], [])
    assert set(pl.read_csv(null / "truth" / "gene_sets.csv")["planted"]) == {"none"}
    assert pl.read_csv(null / "truth" / "module.csv")["hidden"].all()
