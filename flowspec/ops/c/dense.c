/* A packed matrix times the rows of a tile. Sums are added up input by input, whatever T is, so that
   a row gives the same bits alone and among others; what hides the latency of additions is that
   several are summed at a time. `lost` is NaN where an input is that some block does not have. */
#if T == 1
#ifdef PART
INLINE void several(const Matrix *m, const REAL *restrict x, REAL lost, int v, const int count, REAL *restrict y) {
  enum { PARTS = 8 / PART };
  const REAL *restrict w[4];
  Part sum[4][PARTS];
  int first = m->first[v], end = m->end[v];
  for (int c = 0; c < count; c++) {
    w[c] = m->weight + m->start[v + c] - 8 * m->first[v + c];
    first = m->first[v + c] > first ? m->first[v + c] : first;
    end = m->end[v + c] < end ? m->end[v + c] : end;
  }
  end = end < first ? first : end;
  for (int c = 0; c < count; c++) {
    const int until = m->end[v + c] < first ? m->end[v + c] : first;
    for (int p = 0; p < PARTS; p++) sum[c][p] = *(const Part *)(m->bias + 8 * (v + c) + p * PART) + lost;
    for (int k = m->first[v + c]; k < until; k++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
  }
  for (int k = first; k < end; k++)
    for (int c = 0; c < count; c++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
  for (int c = 0; c < count; c++) {
    for (int k = end > m->first[v + c] ? end : m->first[v + c]; k < m->end[v + c]; k++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
    for (int p = 0; p < PARTS; p++) *(Part *)(y + 8 * (v + c) + p * PART) = sum[c][p];
  }
}

static void dense(const Matrix *m, const REAL *restrict x, REAL *restrict y) {
  REAL lost = 0;
  for (int k = 0; k < m->skipped; k++) lost += x[k] * 0;
  int v = 0;
  for (; v + 4 <= m->blocks; v += 4) several(m, x, lost, v, 4, y);
  for (; v + 2 <= m->blocks; v += 2) several(m, x, lost, v, 2, y);
  for (; v < m->blocks; v++) several(m, x, lost, v, 1, y);
}
#else
static void dense(const Matrix *m, const REAL *restrict x, REAL *restrict y) {
  REAL lost = 0;
  for (int k = 0; k < m->skipped; k++) lost += x[k] * 0;
  for (int v = 0; v < m->blocks; v++) {
    const REAL *restrict w = m->weight + m->start[v] - 8 * m->first[v];
    for (int o = 0; o < 8; o++) y[8 * v + o] = m->bias[8 * v + o] + lost;
    for (int k = m->first[v]; k < m->end[v]; k++)
      for (int o = 0; o < 8; o++) y[8 * v + o] += x[k] * w[8 * k + o];
  }
}
#endif
#else
static void dense(const Matrix *m, const REAL *restrict x, REAL *restrict y) {
  ALIGNED REAL lost[T];
  for (int j = 0; j < T; j++) lost[j] = 0;
  for (int k = 0; k < m->skipped; k++)
    for (int j = 0; j < T; j++) lost[j] += x[k * T + j] * 0;
  for (int v = 0; v < m->blocks; v++) {
    const REAL *restrict w = m->weight + m->start[v] - 8 * m->first[v];
    const REAL *restrict bias = m->bias + 8 * v;
    REAL *restrict z = y + 8 * v * T;
    const int first = m->first[v], end = m->end[v];
#ifdef WIDTH
    for (int o = 0; o < 8; o += OUTPUTS)
      for (int j = 0; j < T; j += COLUMNS * WIDTH) {
        Vector sum[OUTPUTS][COLUMNS];
        for (int r = 0; r < OUTPUTS; r++)
          for (int c = 0; c < COLUMNS; c++) sum[r][c] = bias[o + r] + *(const Vector *)(lost + j + c * WIDTH);
        for (int k = first; k < end; k++)
          for (int r = 0; r < OUTPUTS; r++)
            for (int c = 0; c < COLUMNS; c++)
              sum[r][c] += w[8 * k + o + r] * *(const Vector *)(x + k * T + j + c * WIDTH);
        for (int r = 0; r < OUTPUTS; r++)
          for (int c = 0; c < COLUMNS; c++) *(Vector *)(z + (o + r) * T + j + c * WIDTH) = sum[r][c];
      }
#else
    for (int o = 0; o < 8; o++) {
      for (int j = 0; j < T; j++) z[o * T + j] = bias[o] + lost[j];
      for (int k = first; k < end; k++)
        for (int j = 0; j < T; j++) z[o * T + j] += w[8 * k + o] * x[k * T + j];
    }
#endif
  }
}
#endif
