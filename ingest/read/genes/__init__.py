"""Tables of genes: GTF, GFF3, HGNC, NCBI gene_info, plain tables."""
