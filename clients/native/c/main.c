/* Samples and densities from C: see the Makefile. */
#include "flow.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double number(FILE *file) {
  char word[64];
  if (fscanf(file, "%63s", word) != 1) exit(2);
  return strtod(word, NULL);
}

static void row(FILE *file, float *values, int count) {
  for (int i = 0; i < count; i++) values[i] = (float)number(file);
}

static int differ(float found, float expected, double tolerance) {
  if (found == expected || (isnan(found) && isnan(expected))) return 0;
  return !(fabs((double)found - expected) <= tolerance * (1 + fabs((double)expected)));
}

int main(int count, char **words) {
  float x[FLOW_COLUMNS], drawn[FLOW_COLUMNS], context[FLOW_CONTEXT + 1], expected, log_prob;
  int wrong = 0;
  FILE *file = count > 1 ? fopen(words[1], "r") : NULL;
  if (!file || number(file) != FLOW_COLUMNS || number(file) != FLOW_CONTEXT) return 2;

  double tolerance = number(file);
  for (int rows = (int)number(file); rows > 0; rows--) {
    row(file, x, FLOW_COLUMNS);
    row(file, context, FLOW_CONTEXT);
    row(file, &expected, 1);
    flow_log_prob(x, context, &log_prob, 1);
    wrong += differ(log_prob, expected, tolerance);
  }

  tolerance = number(file);
  const int rows = (int)number(file);
  int64_t seed, first_row;
  if (fscanf(file, "%" SCNd64 " %" SCNd64, &seed, &first_row) != 2) return 2;
  for (int i = 0; i < rows; i++) {
    row(file, context, FLOW_CONTEXT);
    row(file, x, FLOW_COLUMNS);
    row(file, &expected, 1);
    flow_sample(seed, first_row + i, context, drawn, &log_prob, 1);
    for (int j = 0; j < FLOW_COLUMNS; j++) wrong += differ(drawn[j], x[j], tolerance);
    wrong += differ(log_prob, expected, tolerance);
  }
  fclose(file);
  puts(wrong ? "differs" : "ok");
  return wrong != 0;
}
