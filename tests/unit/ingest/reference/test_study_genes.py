"""Names of a study's genes: looked up in the reference, translated, and compared with gene sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.findings_records import Enrichment
from cohortmart.core.study.records import Analysis, Reference, Study
from tests.support.raw_study import RawStudy, lake_bytes

REFERENCE = (
    "symbol,ensembl,entrez,prev_symbol,aliases,chromosome,start,end,strand,biotype\n"
    "SEPTIN2,ENSG00000168385,4735,SEPT2,NEDD5,2,100,900,1,protein_coding\n"
    "TP53,ENSG00000141510,7157,,P53,17,5,6,-1,protein_coding\n"
    "BRCA1,ENSG00000012048,672,,,17,,,,\nMARCHF1,ENSG00000145416,55016,MARCH1,,4,,,,\n"
)


class NamedStudy(RawStudy):
    """Counts of given genes, with the files of `reference`."""

    reference: Reference
    analyses: dict[str, Analysis]

    def start(self, genes: list[str], head: str = "gene") -> NamedStudy:
        self.assays = ("rna",)
        columns = list(self.counts)
        lines = [",".join([head, *columns])]
        lines += [",".join([g, *(str(i + 1) for i in range(len(columns)))]) for g in genes]
        (self.raw / "counts.csv").write_text("\n".join(lines) + "\n")
        self.analyses = {}
        self.refer()
        return self

    def refer(self, **named: Any) -> None:
        self.reference = Reference(**named)

    def write(self, name: str, text: str) -> Path:
        (self.raw / name).write_text(text)
        return self.raw / name

    @property
    def study(self) -> Study:
        update = {"reference": self.reference, "analyses": self.analyses}
        return super().study.model_copy(update=update)

    def translations(self) -> dict[str, str]:
        return {r["word"]: r["gene_name"] for r in self.table("gene_translation")}


@pytest.fixture
def raw(tmp_path: Path) -> NamedStudy:
    return NamedStudy(tmp_path).start(["SEPT2", "TP53", "672", "NOVEL"])


def test_features_are_found_by_id_symbol_and_former_symbol(raw: NamedStudy) -> None:
    raw.refer(genes=raw.write("genes.csv", REFERENCE))
    raw.ingest()
    found = {r["feature_id"]: r["matched_by"] for r in raw.table("gene_match")}
    assert found == {"SEPT2": "previous", "TP53": "symbol", "672": "entrez"}
    assert any(
        "3 of 4 genes found in reference.genes, 1 of them by a former" in s for s in raw.said
    )
    before = lake_bytes(raw.home.lake)
    assert not raw.ingest().changed
    assert lake_bytes(raw.home.lake) == before


def test_two_rows_are_never_one_gene_because_of_an_alias(tmp_path: Path) -> None:
    raw = NamedStudy(tmp_path).start(["SEPT2", "SEPTIN2", "NEDD5", "P53"])
    raw.refer(genes=raw.write("genes.csv", REFERENCE))
    raw.ingest()
    assert {r["feature_id"] for r in raw.table("gene_match")} == {"SEPTIN2", "P53"}


def test_gene_sets_and_networks_in_other_ids(raw: NamedStudy) -> None:
    gmt = "E\tx\t4735\t7157\t999\nO\tx\tSEPT2\tP53\tENSG00000012048.7\nN\tx\tSEPTIN2\n"
    raw.refer(
        genes=raw.write("genes.csv", REFERENCE),
        gene_sets=raw.write("go.gmt", gmt),
        network={"file": raw.write("net.tsv", "a_id\tentrez_a\tentrez_b\nx\t4735\t7157\n")},
    )
    raw.ingest()
    assert raw.translations() == {
        "4735": "SEPTIN2", "SEPT2": "SEPTIN2", "7157": "TP53", "P53": "TP53",
        "ENSG00000012048.7": "BRCA1",
    }  # fmt: skip
    assert [tuple(r.values()) for r in raw.table("network_edge")] == [("4735", "7157")]
    assert any("`go`: the study knows 3 of 4 genes, 5 of them under another name" in s
               for s in raw.said)  # fmt: skip


def test_a_matrix_translates_its_own_ids(tmp_path: Path) -> None:
    raw = NamedStudy(tmp_path).start(["ENSG00000168385.2,SEPTIN2", "ENSG00000141510.3,NA"],
                                     head="gene_id,gene_name")  # fmt: skip
    raw.refer(gene_sets=raw.write("go.gmt", "A\tx\tENSG00000168385\tENSG00000141510\tSEPTIN2\n"))
    raw.ingest()
    assert raw.translations() == {
        "ENSG00000168385": "SEPTIN2", "ENSG00000141510": "ENSG00000141510.3",
    }  # fmt: skip


def test_numbers_of_rows_translate_nothing(tmp_path: Path) -> None:
    raw = NamedStudy(tmp_path).start(["1,AAA", "2,BBB"], head="gene_id,gene_name")
    raw.refer(gene_sets=raw.write("go.gmt", "A\tx\t1\t2\tAAA\n"))
    raw.ingest()
    assert raw.table("gene_translation") == []


def test_names_that_agree_leave_the_lake_as_it_was(raw: NamedStudy) -> None:
    raw.refer(gene_sets=raw.write("go.gmt", "A\tx\tTP53\tSEPT2\n"))
    raw.ingest()
    assert raw.table("gene_translation") == raw.table("gene_match") == []


def analysis(**more: Any) -> Analysis:
    return Analysis(
        assay="rna",
        values="log_cpm",
        model={"means": ["group"]},
        contrasts={"a": "MS - HP"},
        **more,
    )


def test_ids_of_another_kind_are_said_at_once(raw: NamedStudy) -> None:
    gmt = raw.write("go.gmt", "A\tx\tENSG00000141510\tENSG00000012048\n")
    raw.refer(gene_sets=gmt)
    raw.ingest()  # no analysis needs them
    (warning,) = [s for s in raw.said if s.startswith("WARNING")]
    assert "none of 2 genes of the gene sets `go` is known to the study" in warning
    assert "Ensembl genes, such as ENSG00000012048" in warning
    raw.analyses = {"e": analysis(enrichment=Enrichment())}
    with pytest.raises(IngestError, match="analysis e needs them") as caught:
        raw.ingest()
    assert caught.value.file == gmt
    assert "reference: {genes: FILE}" in str(caught.value.hint)


def test_gene_sets_without_descriptions_are_a_warning(raw: NamedStudy) -> None:
    raw.refer(gene_sets=raw.write("go.gmt", "A\tTP53\tSEPT2\nB\tSEPT2\tTP53\nC\tx\tTP53\n"))
    raw.ingest()
    (warning,) = [s for s in raw.said if s.startswith("WARNING")]
    assert "the descriptions of 2 of 3 gene sets are genes (TP53, SEPT2)" in warning
    raw.refer(gene_sets=raw.write("go.gmt", "A\tx\tSEPT2\tTP53\nB\tTP53\tTP53\nC\tz\tTP53\n"))
    raw.said.clear()
    raw.ingest()
    assert not any(s.startswith("WARNING") for s in raw.said)


def test_few_genes_of_a_large_collection_are_a_warning(raw: NamedStudy) -> None:
    many = "\t".join(f"WBG{i}" for i in range(100))
    raw.refer(gene_lists={"worms": raw.write("w.txt", many.replace("\t", "\n") + "\n")})
    raw.ingest()
    assert any(s.startswith("WARNING") and "gene list `worms`" in s for s in raw.said)
    raw.refer(gene_lists={"some": raw.write("w.txt", "TP53\n" + many.replace("\t", "\n") + "\n")})
    raw.ingest()  # a quarter of the study's few genes is in the list
    assert not any(s.startswith("WARNING") for s in raw.said)


def test_a_network_that_hardly_knows_the_genes_is_an_error(raw: NamedStudy) -> None:
    net = raw.write("net.tsv", "A1\tB1\nA2\tB2\n")
    raw.refer(network={"file": net})
    raw.ingest()
    assert any("none of 4 genes of the network" in s for s in raw.said)
    modules = analysis(rebound={"pairs": [["a", "b"]]}, modules={})
    raw.analyses = {"e": modules}
    with pytest.raises(IngestError, match="of the network is known") as caught:
        raw.ingest()
    assert "columns: [A, B]" in str(caught.value.hint)


def test_another_reference_names_the_genes_anew(raw: NamedStudy) -> None:
    raw.refer(genes=raw.write("genes.csv", REFERENCE))
    raw.ingest()
    raw.write("genes.csv", REFERENCE.replace("TP53", "TP99"))
    assert raw.ingest().changed
    assert {r["feature_id"] for r in raw.table("gene_match")} == {"SEPT2", "672"}
    raw.refer()
    raw.ingest()
    assert raw.table("gene_match") == raw.table("gene") == []
