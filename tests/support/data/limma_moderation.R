# Makes limma_moderation.csv: what eBayes says of small matrices with every kind of trouble.
# Usage: Rscript limma_moderation.R > limma_moderation.csv   (R 4.2.2, limma 3.54.1)
suppressMessages(library(limma))
G <- 80; n <- 12
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
noise <- qnorm((((g * 7919 + s * 104729 + g * g * s * 31) %% 1009) + 0.5) / 1009)
design <- cbind(1, rep(0:1, each = 6))
level <- 5 + (g[, 1] * 13) %% 17 / 3
shown <- c(1, 2, 7, 11, 30, 37, 52, 80)
cat("case,trend,robust,feature,df_prior,s2_prior,df_total,t,p,b\n")
run <- function(name, y, trend = FALSE, robust = FALSE) {
  f <- suppressWarnings(eBayes(lmFit(y, design), trend = trend, robust = robust))
  whole <- function(v) rep(v, length.out = G)
  numbers <- cbind(whole(f$df.prior), whole(f$s2.prior), f$df.total, f$t[, 2], f$p.value[, 2], f$lods[, 2])
  for (i in shown) cat(name, trend, robust, i, sprintf("%.15g", numbers[i, ]), sep = ",", fill = 400)
}
four <- function(name, y) for (trend in c(FALSE, TRUE)) for (robust in c(FALSE, TRUE)) run(name, y, trend, robust)

varied <- level + noise * exp(((g * 17) %% 23 - 11) / 12)
four("varied", varied)
missing <- varied
missing[(g * s) %% 37 == 0] <- NA
missing[7, 1:9] <- NA
missing[11, 2:6] <- NA
run("missing", missing)  # rows 37 and 74 have no value at all, which the trend cannot have
missing[c(37, 74), ] <- varied[c(37, 74), ]
four("missing_some", missing)
outliers <- varied
outliers[c(7, 30, 52), ] <- level[c(7, 30, 52)] + noise[c(7, 30, 52), ] * 12
four("outliers", outliers)
# variances that differ less than by chance: an infinite df_prior
steady <- matrix(rep(c(-1.3, -0.4, 0.2, 0.9, 1.1, 2), 2), G, n, byrow = TRUE)
alike <- level + steady * (1 + ((g * 29) %% 31 - 15) / 200) + noise * 0.001
four("alike", alike)
alike[7, ] <- level[7] + 6 * noise[7, ]
four("alike_but_one", alike)
alike[7, ] <- level[7] + 2 * noise[7, ]
four("alike_but_mildly", alike)
# true changes, the largest in a feature with fewer values than most
changed <- missing
changed[c(2, 30, 52), 7:12] <- changed[c(2, 30, 52), 7:12] + 4
changed[11, 7:12] <- changed[11, 7:12] + 15
four("changed", changed)
flat <- varied
flat[c(2, 37), ] <- level[c(2, 37)] + noise[c(2, 37), ] * 1e-6
four("flat", flat)
