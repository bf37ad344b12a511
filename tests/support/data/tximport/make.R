# Made-up files of salmon and RSEM and what tximport makes of them; run in this folder.
suppressMessages(library(tximport))
set.seed(1521)
tx2gene <- data.frame(
  transcript = sprintf("ENST%011d.%d", 1:14, rep(1:2, 7)),
  gene = sprintf("ENSG%011d", c(1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7))
)
n <- nrow(tx2gene)
samples <- paste0("S", 1:4)
lengths <- round(runif(n, 300, 4000))
for (i in seq_along(samples)) {
  effective <- round(lengths - runif(1, 150, 250) + rnorm(n, 0, 5), 3)
  counts <- round(rgamma(n, 0.6, 0.002), 3)
  counts[7:8] <- 0                       # a gene without a read anywhere
  if (i %in% c(1, 3)) counts[9:10] <- 0  # a gene without a read in two samples
  tpm <- round(counts / effective / sum(counts / effective) * 1e6, 6)
  write.table(
    data.frame(Name = tx2gene$transcript, Length = lengths, EffectiveLength = effective,
               TPM = tpm, NumReads = counts),
    paste0(samples[i], ".sf"), sep = "\t", quote = FALSE, row.names = FALSE
  )
  genes <- rowsum(cbind(counts, tpm, effective), tx2gene$gene)
  write.table(
    data.frame(gene_id = rownames(genes), "transcript_id(s)" = "-", length = genes[, "effective"] + 200,
               effective_length = genes[, "effective"], expected_count = genes[, "counts"],
               TPM = genes[, "tpm"], FPKM = 0, check.names = FALSE),
    paste0(samples[i], ".genes.results"), sep = "\t", quote = FALSE, row.names = FALSE
  )
}
known <- tx2gene[-13, ]                  # a transcript that the table does not have
write.table(known, "tx2gene.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
save_result <- function(x, name) for (what in c("counts", "length"))
  write.csv(format(x[[what]], digits = 17, scientific = FALSE, trim = TRUE),
            paste0("tximport_", name, "_", what, ".csv"), quote = FALSE)
reader <- function(x) read.delim(x, check.names = FALSE)
for (how in c("no", "scaledTPM", "lengthScaledTPM"))
  save_result(tximport(setNames(paste0(samples, ".sf"), samples), type = "salmon", tx2gene = known,
                       countsFromAbundance = how, importer = reader, dropInfReps = TRUE), how)
save_result(tximport(setNames(paste0(samples, ".genes.results"), samples), type = "rsem",
                     txIn = FALSE, txOut = FALSE, importer = reader), "rsem")
cat("R", as.character(getRversion()), "tximport", as.character(packageVersion("tximport")), "\n")
