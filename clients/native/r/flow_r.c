/* For R's .C, whose numbers are double, and which hands over pointers alone. Rows go one by one. */
#include "flow.h"

static void narrowed(const double *from, float *to, int count) {
  for (int i = 0; i < count; i++) to[i] = (float)from[i];
}

void r_flow_log_prob(const double *x, const double *context, double *log_prob, const int *n) {
  for (int i = 0; i < *n; i++) {
    float point[FLOW_COLUMNS], given[FLOW_CONTEXT + 1], found;
    narrowed(x + i * FLOW_COLUMNS, point, FLOW_COLUMNS);
    narrowed(context + i * FLOW_CONTEXT, given, FLOW_CONTEXT);
    flow_log_prob(point, given, &found, 1);
    log_prob[i] = found;
  }
}

/* seed and first_row are doubles: whole numbers up to 2^53. */
void r_flow_sample(const double *seed, const double *first_row, const double *context, double *x, double *log_prob, const int *n) {
  for (int i = 0; i < *n; i++) {
    float point[FLOW_COLUMNS], given[FLOW_CONTEXT + 1], found;
    narrowed(context + i * FLOW_CONTEXT, given, FLOW_CONTEXT);
    flow_sample((int64_t)*seed, (int64_t)*first_row + i, given, point, &found, 1);
    for (int j = 0; j < FLOW_COLUMNS; j++) x[i * FLOW_COLUMNS + j] = point[j];
    log_prob[i] = found;
  }
}
