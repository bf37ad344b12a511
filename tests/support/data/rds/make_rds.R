# Writes the RDS files of test_rds.py into this folder: Rscript make_rds.R
# R 4.2; the bytes differ between versions of R, what is in them does not.
probes <- c("cg00000029", "cg00000108", "cg00000109")
beta <- matrix(c(1 / 3, 0.25, NA, 0, 1, 5e-324), 3, dimnames = list(probes, c("A_1", "B_1")))
saveRDS(beta, "matrix.rds")
saveRDS(beta, "matrix_v2_xz.rds", version = 2, compress = "xz")
saveRDS(beta, "matrix_text.rds", ascii = TRUE, compress = FALSE)
con <- file("matrix_native.rds", "wb")
serialize(beta, con, xdr = FALSE)
close(con)

counts <- matrix(c(0L, NA, 2147483647L, 7L), 2, dimnames = list(c("TP53", "MYC"), c("A", "B")))
saveRDS(counts, "counts_bz2.rds", compress = "bzip2")

saveRDS(as.data.frame(beta), "frame.rds")
saveRDS(data.frame(gene_id = c("ENSG1.2", "ENSG2.1"), gene_name = c("TP53", NA),
                   A = c(1L, 2L), B = c(0.5, 3)), "frame_ids.rds", compress = FALSE)
saveRDS(data.frame(id = factor(c("g2", "g1")), A = c(NA, NA), B = c(1, 2)), "frame_factor.rds")
saveRDS(data.frame(A = 1:2, B = 3:4, row.names = c(7157L, 4609L)), "frame_entrez.rds")
saveRDS(data.frame(id = c("g1", NA), A = 1:2), "frame_na_id.rds")

saveRDS(unname(beta), "no_names.rds")
saveRDS(structure(beta, dimnames = list(probes, NULL)), "no_columns.rds")
saveRDS(data.frame(A = 1:2, B = 3:4), "frame_no_ids.rds")
saveRDS(data.frame(id = c("g1", "g2"), A = 1:2, sex = c("F", "M")), "frame_text.rds")
saveRDS(list(betas = beta), "list.rds")
saveRDS(c(a = 1, b = 2), "vector.rds")
saveRDS(beta > 0.5, "logical.rds")
saveRDS(array(1:8, c(2, 2, 2)), "cube.rds")
saveRDS(beta[0, ], "empty.rds")
setClass("SummarizedExperiment", representation(values = "matrix"))
saveRDS(new("SummarizedExperiment", values = beta), "s4.rds")
saveRDS(Matrix::Matrix(beta, sparse = TRUE), "sparse.rds")
repeated <- beta
colnames(repeated) <- c("A_1", "A_1")
rownames(repeated)[3] <- probes[1]
saveRDS(repeated, "repeated.rds")
latin <- matrix(c(1, 2), 1, dimnames = list("g1", c("M\xfcller", "B")))
Encoding(colnames(latin)) <- "latin1"
saveRDS(latin, "latin1.rds")
save(beta, file = "workspace.rds")
