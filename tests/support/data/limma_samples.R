# Writes limma_samples.csv: principal components, maps and correlations of made-up samples, as R
# has them. Run with R 4 and limma 3.54.1: Rscript limma_samples.R > limma_samples.csv
suppressMessages(library(limma))
g <- matrix(1:80, 80, 9)
s <- matrix(1:9, 80, 9, byrow = TRUE)
x <- 5 + qnorm(((g * 7919 + s * 104729 + g * g * s * 31) %% 1009 + 0.5) / 1009)
x <- x + 2 * (g %% 4 == 0) * (s %% 3) + 0.1 * g
shown <- function(what, m) {
  m <- as.matrix(m)
  cat(sprintf("%s,%d,%d,%.17g\n", what, row(m), col(m), m), sep = "")
}
cat("what,row,column,value\n")
p <- prcomp(t(x))
shown("score", p$x[, 1:8])
shown("share", p$sdev[1:8]^2 / sum(p$sdev^2))
for (selection in c("pairwise", "common")) {
  m <- plotMDS(x, top = 25, gene.selection = selection, plot = FALSE)
  shown(selection, cbind(m$x, m$y))
}
m <- plotMDS(x, plot = FALSE) # 500, above the 80 there are
shown("all", cbind(m$x, m$y))
shown("cor", cor(x))
