# Makes kenward_roger.csv: what pbkrtest says of small studies with a random intercept.
# Usage: Rscript kenward_roger.R > kenward_roger.csv   (R 4.2.2, lme4 1.1.31, pbkrtest 0.5.2)
suppressMessages({library(lme4); library(pbkrtest)})
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-10, maxfun = 1e5),
                       check.conv.singular = "ignore")
G <- 8
noise <- function(a, b) qnorm((((a * 7919 + b * 104729 + a * a * b * 31 + b * b * 17) %% 1009) + 0.5) / 1009)
# the studies of lmer_mixed.R: three visits of ten people in two groups; `kept` of the 30 samples
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
cat("case,feature,what,estimate,se,df,f,df1,df2,scale,t2,s2\n")
say <- function(case, g, what, ...) cat(case, g, what, sprintf("%.12g", c(...)), sep = ",", fill = 400)
run <- function(case, kept, covariate = FALSE, gaps = FALSE, weighted = FALSE) for (g in 1:G) {
  data <- everything[kept, ]
  data$y <- values(g, kept)
  s <- which(kept)
  if (gaps) data$y[(s * (g + 2) + g) %% 11 == 0] <- NA
  # pbkrtest knows no weights; a model whose samples are multiplied by the root of theirs needs none
  data$root <- if (weighted) sqrt(exp(0.7 * noise(g + 9, s)) * 3) else 1
  data <- data[!is.na(data$y), ]
  X <- model.matrix(if (covariate) ~ 0 + cell + age else ~ 0 + cell, data) * data$root
  data$y <- data$y * data$root
  fit <- suppressMessages(lmer(y ~ 0 + X + (0 + root | woman), data, control = control))
  adjusted <- as.matrix(vcovAdj(fit))
  L <- t(sapply(cells, function(l) c(l, if (covariate) 0)))
  v <- as.data.frame(VarCorr(fit))$vcov
  for (j in seq_along(cells)) {
    se <- sqrt(drop(L[j, ] %*% adjusted %*% L[j, ]))
    df <- tryCatch(Lb_ddf(L[j, ], vcov(fit), vcovAdj(fit)), error = function(e) NA)
    say(case, g, j, sum(L[j, ] * fixef(fit)), se, df, NA, NA, NA, NA, v)
  }
  for (name in names(sets)) {
    test <- KRmodcomp(fit, L[sets[[name]], ])$test["Ftest", ]
    say(case, g, name, NA, NA, NA, test$stat, test$ndf, test$ddf, test$F.scaling, v)
  }
}
whole <- rep(TRUE, 30)
some <- !(1:30 %in% c(3, 7, 8, 14, 21, 26, 30))
run("balanced", whole)
run("unbalanced", some, covariate = TRUE)
run("missing", whole, covariate = TRUE, gaps = TRUE)
run("weighted", some, weighted = TRUE)
run("weighted_missing", whole, covariate = TRUE, gaps = TRUE, weighted = TRUE)
# two people a group: few degrees of freedom between them
few <- everything$woman %in% c(1, 2, 6, 7) & !(1:30 %in% c(2, 19))
run("few", few)
