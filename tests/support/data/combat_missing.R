# Makes combat_missing_{samples,values,expected}.csv: what ComBat makes of a small matrix with
# missing and constant values. Usage, in this folder: Rscript combat_missing.R  (R 4.2.2, sva 3.46.0)
suppressMessages(library(sva))
G <- 40; n <- 17
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
noise <- qnorm((((g * 7919 + s * 104729 + g * g * s * 31) %% 1009) + 0.5) / 1009)
samples <- data.frame(sample = paste0("s", 1:n), batch = rep(c("A", "B", "C"), c(5, 7, 5)),
  age = c(31, 27, 40, 35, 29, 33, 38, 26, 30, 41, 36, 28, 34, 39, 25, 37, 32), treated = (1:n) %% 3 %% 2)
samples$with_single <- c("Z", samples$batch[-1])
b <- match(samples$batch, c("A", "B", "C"))
y <- (g * 13) %% 17 / 3 + noise * exp(((g * 17) %% 23 - 11) / 25) + c(0.9, -0.6, 0.2)[b][s] * (1 + (g %% 5) / 4)
y <- y + noise * c(0.4, 0, -0.3)[b][s] + 0.8 * samples$treated[s] * (g %% 4 == 0) + 0.05 * samples$age[s]
y <- round(y, 3)
dimnames(y) <- list(paste0("f", 1:G), samples$sample)
y[(g * 7 + s * 11 + g * s) %% 23 == 0] <- NA
y["f1", ] <- round(noise[1, ], 3); y["f1", 1:5] <- 3.25                 # constant in a batch
y["f2", 1:5] <- c(2.5, NA, 2.5, 2.5, 2.5)                               # constant where there
y["f4", 1:4] <- NA                                                      # one value left in A
write.csv(samples, "combat_missing_samples.csv", row.names = FALSE, quote = FALSE)
write.csv(data.frame(feature = rownames(y), y), "combat_missing_values.csv", row.names = FALSE, quote = FALSE)

keep <- model.matrix(~ age + treated, samples)
shown <- c("f1", "f2", "f3", "f4", "f10", "f22", "f23", "f38", "f40")
out <- NULL
run <- function(case, m, batch = samples$batch, mod = NULL, mean_only = FALSE) {
  r <- suppressMessages(ComBat(m, batch = batch, mod = mod, mean.only = mean_only))
  r <- r[intersect(shown, rownames(r)), ]
  text <- matrix(sprintf("%.12g", r), nrow(r)); text[is.na(r)] <- "NA"; colnames(text) <- colnames(r)
  out <<- rbind(out, data.frame(case, feature = rownames(r), text))
}
not4 <- y[rownames(y) != "f4", ]                                        # R stops at f4 unless mean-only
complete <- y[rowSums(is.na(y)) == 0, ]
one_hole <- complete; one_hole["f1", 10] <- NA
run("missing", not4)
run("missing_keep", not4, mod = keep)
run("missing_mean_only", y, mean_only = TRUE)
run("missing_mean_only_keep", y, mod = keep, mean_only = TRUE)
run("single_mean_only", y[!is.na(y[, 1]), ], batch = samples$with_single, mean_only = TRUE)
run("complete_keep", complete, mod = keep)
run("complete_mean_only", complete, mean_only = TRUE)
run("hole_in_unchanged_mean_only", one_hole, mean_only = TRUE)
write.csv(out, "combat_missing_expected.csv", row.names = FALSE, quote = FALSE)
