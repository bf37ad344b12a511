# Makes limma_contrasts.csv: contrasts.fit and treat of limma on small matrices with blocks,
# weights and missing values. The matrices are sums of sines, so that another program can make
# them to the last digits. Usage: Rscript limma_contrasts.R > limma_contrasts.csv
# (R 4.2.2, limma 3.54.1)
suppressMessages(library(limma))
G <- 60; n <- 16; rho <- 0.37
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
wave <- function(a, b) sin(a * g + b * s + g * s)
block <- rep(1:6, c(3, 3, 3, 3, 2, 2))
cell <- c(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 4, 5)
design <- cbind(sapply(1:6, function(k) as.numeric(cell == k)), cos(1:n))
colnames(design) <- paste0("c", 1:7)
contrasts <- cbind(
  c(-1, 0, 1, 0, 0, 0, 0), c(0, -1, 0, 0, 1, 0, 0), c(1, 0, -1, -1, 0, 1, 0), c(0, 0, 0, 0, 0, 0, 1)
)
complete <- 5 + (1 + g %% 5 / 2) * wave(1.7, 0.9) + (g %% 7 == 0) * (cell[s] > 3) * 4000
weights <- exp(0.8 * wave(0.3, 2.1))
missing <- complete
missing[(g * 5 + s * 3 + g * s) %% 23 == 0] <- NA
cat("case,feature,contrast,unscaled_sd,lfc,t,p,f_all,f_two\n")
run <- function(name, y, w, tau) {
  fit <- lmFit(y, design, weights = w, block = block, correlation = rho)
  two <- eBayes(contrasts.fit(fit, contrasts[, c(1, 3)]))
  fit <- contrasts.fit(fit, contrasts)
  usual <- eBayes(fit)
  cut <- treat(fit, lfc = tau)
  for (i in c(1, 7, 14, 20, 23, 35, 41, 56, 60)) for (j in 1:4)
    cat(name, i, j, sprintf("%.15g", c(fit$stdev.unscaled[i, j], tau, cut$t[i, j],
        cut$p.value[i, j], usual$F[i], two$F[i])), sep = ",", fill = 400)
}
for (tau in c(0.4, 6)) {
  run("complete", complete, NULL, tau)
  run("weights", complete, weights, tau)
  run("missing", missing, NULL, tau)
  run("both", missing, weights, tau)
}
