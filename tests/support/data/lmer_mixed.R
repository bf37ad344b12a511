# Makes lmer_mixed.csv: what lmerTest says of small studies with a random intercept.
# Usage: Rscript lmer_mixed.R > lmer_mixed.csv   (R 4.2.2, lme4 1.1.31, lmerTest 3.1.3)
suppressMessages(library(lmerTest))
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-10, maxfun = 1e5),
                       check.conv.singular = "ignore")
G <- 8
noise <- function(a, b) qnorm((((a * 7919 + b * 104729 + a * a * b * 31 + b * b * 17) %% 1009) + 0.5) / 1009)
# three visits of ten women in two groups; `kept` of the 30 samples
everything <- data.frame(woman = rep(1:10, each = 3), visit = rep(0:2, 10))
everything$cell <- factor((everything$woman > 5) * 3 + everything$visit)
everything$age <- 30 + 6 * noise(everything$woman, 3) + everything$visit / 4
values <- function(g, kept) {
  s <- which(kept)
  woman <- everything$woman[s]
  spread <- c(0.4, 0.9, 1.6, 3, 0.7, 8, 0.15, 1.2)[g]
  6 + g + spread * noise(g + 50, woman) + noise(g, s + 40) +
    0.3 * g * (everything$visit[s] == 2) + 0.2 * (woman > 5) * everything$visit[s]
}
cells <- list(c(-1, 0, 1, 0, 0, 0), c(0, 0, 0, 0, -1, 1), c(1, 0, -1, -1, 0, 1), c(0, -1, 0, 0, 1, 0),
              c(-1, -1, -1, 1, 1, 1) / 3)
sets <- list(all = 1:5, within = 1:2, mixed = c(1, 4), between = c(4, 5))
cat("case,feature,what,estimate,se,df,f,df1,df2,t2,s2\n")
say <- function(case, g, what, ...) cat(case, g, what, sprintf("%.12g", c(...)), sep = ",", fill = 400)
run <- function(case, kept, covariate = FALSE, gaps = FALSE, weighted = FALSE) for (g in 1:G) {
  data <- everything[kept, ]
  data$y <- values(g, kept)
  s <- which(kept)
  if (gaps) data$y[(s * (g + 2) + g) %% 11 == 0] <- NA
  data$w <- if (weighted) exp(0.7 * noise(g + 9, s)) * 3 else 1
  formula <- if (covariate) y ~ 0 + cell + age + (1 | woman) else y ~ 0 + cell + (1 | woman)
  fit <- suppressMessages(lmer(formula, data, weights = data$w, control = control))
  L <- t(sapply(cells, function(l) c(l, if (covariate) 0)))
  v <- as.data.frame(VarCorr(fit))$vcov
  for (j in seq_along(cells)) {
    one <- contest1D(fit, L[j, ])
    say(case, g, j, one$Estimate, one$`Std. Error`, one$df, NA, NA, NA, v)
  }
  for (name in names(sets)) {
    one <- contestMD(fit, L[sets[[name]], ])
    say(case, g, name, NA, NA, NA, one$`F value`, one$NumDF, one$DenDF, v)
  }
}
whole <- rep(TRUE, 30)
some <- !(1:30 %in% c(3, 7, 8, 14, 21, 26, 30))
run("balanced", whole)
run("unbalanced", some, covariate = TRUE)
run("missing", whole, covariate = TRUE, gaps = TRUE)
run("weighted", some, weighted = TRUE)
run("weighted_missing", whole, covariate = TRUE, gaps = TRUE, weighted = TRUE)
# two women a group: few degrees of freedom between them
few <- everything$woman %in% c(1, 2, 6, 7) & !(1:30 %in% c(2, 19))
run("few", few)
