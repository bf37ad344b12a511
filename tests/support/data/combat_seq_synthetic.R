# What sva's ComBat_seq and edgeR's dispersions give on counts made up here.
# Usage: Rscript combat_seq_synthetic.R, in this folder. sva 3.46.0, edgeR 3.40.2.
# Three batches; A and B get a dispersion for every gene, C (3 samples) only the common one.
# Genes 1 to 3 are absent from a batch, gene 4 has counts of 0 to 3, gene 5 is a count in a thousand.
suppressMessages({library(sva); library(edgeR)})
set.seed(20260305)
n_genes <- 120
samples <- data.frame(
  batch = rep(c("A", "B", "C"), c(14, 12, 3)),
  group = c(rep(c("x", "y"), 7), rep(c("x", "y", "y"), 4), c("x", "y", "y")),
  age = round(runif(29, 20, 45)))
level <- exp(runif(n_genes, 1, 8)); shift <- cbind(0, rnorm(n_genes, 0.6, 0.4), rnorm(n_genes, -0.5, 0.3))
batch <- as.integer(factor(samples$batch)); y <- samples$group == "y"
depth <- exp(rnorm(29, 0, 0.3))
mean <- exp(log(level) + shift[, batch] + outer(rnorm(n_genes, 0, 0.5), as.numeric(y)))
phi <- exp(rnorm(n_genes, log(0.15), 0.6)) %o% c(1, 1.6, 0.7)
counts <- matrix(rnbinom(n_genes * 29, mu = sweep(mean, 2, depth, "*"), size = 1 / phi[, batch]), n_genes)
counts[1, batch == 1] <- 0; counts[2, batch == 3] <- 0; counts[3, ] <- 0
counts[4, ] <- rpois(29, 0.9); counts[5, ] <- rpois(29, 40) + 1000 * (seq_len(29) == 8)
keep <- model.matrix(~ group + age, samples)[, -1]
adjusted <- ComBat_seq(counts, batch = samples$batch, covar_mod = keep)
present <- Reduce(`&`, lapply(1:3, function(b) rowSums(counts[, batch == b]) > 0))
found <- matrix(NA, n_genes, 3); common <- NULL
for (b in 1:3) {
  part <- counts[present, batch == b]; design <- if (b < 3) cbind(1, keep)[batch == b, ] else NULL
  common[b] <- estimateGLMCommonDisp(part, design = design, subset = nrow(part))
  found[present, b] <- if (b == 3) common[b] else
    estimateGLMTagwiseDisp(part, design = design, dispersion = common[b], prior.df = 0)
}
out <- data.frame(paste0("g", seq_len(n_genes)), counts, adjusted, format(found, digits = 10, trim = TRUE))
names(out) <- c("gene", paste0("count", 1:29), paste0("adjusted", 1:29), paste0("dispersion", c("A", "B", "C")))
write.csv(out, "combat_seq_synthetic.csv", row.names = FALSE, quote = FALSE)
samples$common <- common[batch]
write.csv(samples, "combat_seq_synthetic_samples.csv", row.names = FALSE, quote = FALSE)
