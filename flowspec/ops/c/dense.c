/* A packed matrix times the rows of a tile. Sums are added up input by input, whatever T is, so that
   a row gives the same bits alone and among others; what hides the latency of additions is that
   several are summed at a time. `lost` is NaN where an input is that some block does not have. */
#if T == 1
/* 0, or NaN where an input is NaN or infinite and some block does not have it. */
INLINE REAL loss(const Matrix *m, const REAL *restrict x) {
  REAL lost = 0;
  int k = 0;
#ifdef PART
  Part sum = {0}, more = {0};
  for (; k + 2 * PART <= m->skipped; k += 2 * PART) {
    sum += *(const Part *)(x + k) * 0;
    more += *(const Part *)(x + k + PART) * 0;
  }
  sum += more;
  for (int i = 0; i < PART; i++) lost += sum[i];
#endif
  for (; k < m->skipped; k++) lost += x[k] * 0;
  return lost;
}

#ifdef PART
/* What inputs from..to add to the sums of `count` blocks from v on, as far as they have them.
   whole: all blocks begin with the first input. */
INLINE void add(const Matrix *m, const REAL *restrict x, int from, int to, int v, const int count, const int whole, REAL *restrict y) {
  enum { PARTS = 8 / PART };
  const REAL *restrict w[4];
  Part sum[4][PARTS];
  int first = from, end = to;
  for (int c = 0; c < count; c++) {
    w[c] = m->weight + m->start[v + c] - (whole ? 0 : 8 * m->first[v + c]);
    if (!whole) first = m->first[v + c] > first ? m->first[v + c] : first;
    end = m->end[v + c] < end ? m->end[v + c] : end;
  }
  end = end < first ? first : end;
  for (int c = 0; c < count; c++) {
    for (int p = 0; p < PARTS; p++) sum[c][p] = *(const Part *)(y + 8 * (v + c) + p * PART);
    if (whole) continue;
    const int until = m->end[v + c] < first ? m->end[v + c] : first;
    for (int k = from > m->first[v + c] ? from : m->first[v + c]; k < until && k < to; k++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
  }
  for (int k = first; k < end; k++)
    for (int c = 0; c < count; c++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
  for (int c = 0; c < count; c++) {
    const int until = m->end[v + c] < to ? m->end[v + c] : to;
    for (int k = whole || end > m->first[v + c] ? end : m->first[v + c]; k < until; k++)
      for (int p = 0; p < PARTS; p++) sum[c][p] += x[k] * *(const Part *)(w[c] + 8 * k + p * PART);
    for (int p = 0; p < PARTS; p++) *(Part *)(y + 8 * (v + c) + p * PART) = sum[c][p];
  }
}

/* What inputs from..to add to all blocks from v on. */
INLINE void add_all(const Matrix *m, const REAL *restrict x, int from, int to, int v, const int whole, REAL *restrict y) {
  for (; v + 4 <= m->blocks; v += 4) add(m, x, from, to, v, 4, whole, y);
  for (; v + 2 <= m->blocks; v += 2) add(m, x, from, to, v, 2, whole, y);
  for (; v < m->blocks; v++) add(m, x, from, to, v, 1, whole, y);
}

INLINE void product(const Matrix *m, const REAL *restrict x, REAL *restrict y, const int relu) {
  const REAL lost = loss(m, x);
  for (int o = 0; o < 8 * m->blocks; o++) y[o] = m->bias[o] + lost;
  add_all(m, x, 0, INT32_MAX, 0, 0, y);
  if (relu)
    for (int o = 0; o < 8 * m->blocks; o++) y[o] = y[o] < 0 ? 0 : y[o];
}
#else
INLINE void product(const Matrix *m, const REAL *restrict x, REAL *restrict y, const int relu) {
  const REAL lost = loss(m, x);
  for (int v = 0; v < m->blocks; v++) {
    const REAL *restrict w = m->weight + m->start[v] - 8 * m->first[v];
    for (int o = 0; o < 8; o++) y[8 * v + o] = m->bias[8 * v + o] + lost;
    for (int k = m->first[v]; k < m->end[v]; k++)
      for (int o = 0; o < 8; o++) y[8 * v + o] += x[k] * w[8 * k + o];
    if (relu)
      for (int o = 8 * v; o < 8 * v + 8; o++) y[o] = y[o] < 0 ? 0 : y[o];
  }
}
#endif
#else
/* What inputs from..to add to the sums of block v, which begin with its bias where `lost` is given. */
INLINE void block(const Matrix *m, const REAL *restrict x, const REAL *lost, int v, int from, int to, REAL *restrict z, const int relu) {
  const REAL *restrict w = m->weight + m->start[v] - 8 * m->first[v];
  const REAL *restrict bias = m->bias + 8 * v;
#ifdef WIDTH
  for (int o = 0; o < 8; o += OUTPUTS)
    for (int j = 0; j < T; j += COLUMNS * WIDTH) {
      Vector sum[OUTPUTS][COLUMNS];
      for (int r = 0; r < OUTPUTS; r++)
        for (int c = 0; c < COLUMNS; c++)
          if (lost)
            sum[r][c] = bias[o + r] + *(const Vector *)(lost + j + c * WIDTH);
          else
            sum[r][c] = *(const Vector *)(z + (o + r) * T + j + c * WIDTH);
      const REAL *restrict weight = w + 8 * from + o, *restrict row = x + from * T + j;
      for (int k = from; k < to; k++, weight += 8, row += T)
        for (int r = 0; r < OUTPUTS; r++)
          for (int c = 0; c < COLUMNS; c++) sum[r][c] += weight[r] * *(const Vector *)(row + c * WIDTH);
      for (int r = 0; r < OUTPUTS; r++)
        for (int c = 0; c < COLUMNS; c++) *(Vector *)(z + (o + r) * T + j + c * WIDTH) = sum[r][c];
    }
#else
  if (lost)
    for (int o = 0; o < 8; o++)
      ROWS z[o * T + j] = bias[o] + lost[j];
  for (int k = from; k < to; k++)
    for (int o = 0; o < 8; o++)
      ROWS z[o * T + j] += w[8 * k + o] * x[k * T + j];
#endif
  if (relu)
    for (int i = 0; i < 8 * T; i++) z[i] = z[i] < 0 ? 0 : z[i];
}

INLINE void product(const Matrix *m, const REAL *restrict x, REAL *restrict y, const int relu) {
  ALIGNED REAL lost[T];
  ROWS lost[j] = 0;
  int k = 0;
  for (; k + 4 <= m->skipped; k += 4) {
    const REAL *restrict row = x + k * T;
    ROWS lost[j] += (row[j] * 0 + row[T + j] * 0) + (row[2 * T + j] * 0 + row[3 * T + j] * 0);
  }
  for (; k < m->skipped; k++)
    ROWS lost[j] += x[k * T + j] * 0;
  for (int v = 0; v < m->blocks; v++) block(m, x, lost, v, m->first[v], m->end[v], y + 8 * v * T, relu);
}
#endif

LOCAL void dense(const Matrix *m, const REAL *restrict x, REAL *restrict y) { product(m, x, y, 0); }

LOCAL void dense_relu(const Matrix *m, const REAL *restrict x, REAL *restrict y) { product(m, x, y, 1); }

/* The inverse of an autoregressive step works a masked network out stage by stage: every unit once,
   when all that it sees is known. A sum that stands in a block with others goes on where it stopped:
   `done` has the number of inputs that a block has. */
LOCAL void begin(const Matrix *m, REAL *restrict z, int *done) {
  for (int v = 0; v < m->blocks; v++) {
    done[v] = m->first[v];
    for (int o = 0; o < 8; o++)
      ROWS z[(8 * v + o) * T + j] = m->bias[8 * v + o];
  }
}

/* The sums of the units from..to, of the inputs up to `known`. For one row, the inputs that are
   new, before..known, are added to all later sums at once: little is left to do for each unit. */
#if T == 1
LOCAL void advance(const Matrix *m, const REAL *restrict x, int before, int known, int from, int to, int *done, REAL *restrict z) {
  (void)to;
  (void)done;
#ifdef PART
  if (m->whole)
    add_all(m, x, before, known, from / 8, 1, z);
  else
    add_all(m, x, before, known, from / 8, 0, z);
#else
  for (int v = from / 8; v < m->blocks; v++) {
    const REAL *restrict w = m->weight + m->start[v] - 8 * m->first[v];
    const int first = before > m->first[v] ? before : m->first[v];
    const int end = known < m->end[v] ? known : m->end[v];
    for (int k = first; k < end; k++)
      for (int o = 0; o < 8; o++) z[8 * v + o] += x[k] * w[8 * k + o];
  }
#endif
}
#else
LOCAL void advance(const Matrix *m, const REAL *restrict x, int before, int known, int from, int to, int *done, REAL *restrict z) {
  (void)before;
  for (int v = from / 8; 8 * v < to; v++) {
    const int end = known < m->end[v] ? known : m->end[v];
    if (done[v] < end) block(m, x, NULL, v, done[v], end, z + 8 * v * T, 0);
    done[v] = end > done[v] ? end : done[v];
  }
}
#endif
