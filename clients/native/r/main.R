# Samples and densities from R: see the Makefile. Rows of a matrix of R are columns of its memory, hence t().
arguments <- commandArgs(trailingOnly = TRUE)
dyn.load(arguments[1])

log_prob <- function(x, context) {
  .C("r_flow_log_prob", as.double(t(x)), as.double(t(context)), log_prob = double(nrow(x)), nrow(x), NAOK = TRUE)$log_prob
}

sample_flow <- function(n, seed, first_row, context, columns) {
  drawn <- .C("r_flow_sample", as.double(seed), as.double(first_row), as.double(t(context)), x = double(n * columns),
              log_prob = double(n), as.integer(n), NAOK = TRUE)
  list(x = matrix(drawn$x, n, columns, byrow = TRUE), log_prob = drawn$log_prob)
}

words <- scan(arguments[2], character(), quiet = TRUE)
at <- 0
numbers <- function(count) {
  taken <- words[at + seq_len(count)]
  at <<- at + count
  as.numeric(taken)
}
same <- function(found, expected, tolerance) {
  equal <- (is.nan(found) & is.nan(expected)) | (!is.nan(found) & found == expected)
  all(equal | abs(found - expected) <= tolerance * (1 + abs(expected)))
}

sizes <- numbers(2)
columns <- sizes[1]
variables <- sizes[2]
head <- numbers(2)
rows <- matrix(numbers(head[2] * (columns + variables + 1)), head[2], byrow = TRUE)
x <- rows[, seq_len(columns), drop = FALSE]
context <- rows[, columns + seq_len(variables), drop = FALSE]
right <- same(log_prob(x, context), rows[, ncol(rows)], head[1])

head <- numbers(4)
rows <- matrix(numbers(head[2] * (columns + variables + 1)), head[2], byrow = TRUE)
context <- rows[, seq_len(variables), drop = FALSE]
drawn <- sample_flow(head[2], head[3], head[4], context, columns)
right <- right && same(drawn$x, rows[, variables + seq_len(columns)], head[1]) &&
  same(drawn$log_prob, rows[, ncol(rows)], head[1])
cat(if (right) "ok" else "differs", "\n", sep = "")
quit(status = if (right) 0 else 1)
