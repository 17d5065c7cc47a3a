/* Elementary functions without branches, so that loops over them become vectors. A file gets those
   that it calls. Names end in f for float and in d for double; what ends in t is written for both,
   with REAL for the type. Coefficients: benchmarks/elementary_coefficients.py; errors: tests/native. */

INLINE float of_bits_f(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE uint32_t bits_of_f(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE double of_bits_d(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE uint64_t bits_of_d(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float chosen_f(int condition, float a, float b) {
#ifdef __clang__
  return condition ? a : b;
#else
  uint32_t mask = 0u - (uint32_t)condition;
  return of_bits_f((bits_of_f(a) & mask) | (bits_of_f(b) & ~mask));
#endif
}

INLINE double chosen_d(int condition, double a, double b) {
#ifdef __clang__
  return condition ? a : b;
#else
  uint64_t mask = UINT64_C(0) - (uint64_t)condition;
  return of_bits_d((bits_of_d(a) & mask) | (bits_of_d(b) & ~mask));
#endif
}

INLINE float abs_f(float x) { return of_bits_f(bits_of_f(x) & 0x7FFFFFFFu); }

INLINE double abs_d(double x) { return of_bits_d(bits_of_d(x) & UINT64_C(0x7FFFFFFFFFFFFFFF)); }

/* NaN stays NaN in all of these. */
INLINE REAL max_t(REAL a, REAL b) { return ((a > b) | (a != a)) ? a : b; }

INLINE REAL min_t(REAL a, REAL b) { return ((a < b) | (a != a)) ? a : b; }

INLINE REAL clip_t(REAL x, REAL low, REAL high) {
  REAL above = x < low ? low : x;
  return above > high ? high : above;
}

INLINE REAL relu_t(REAL x) { return x < 0 ? 0 : x; }

INLINE REAL sign_t(REAL x) { return x > 0 ? 1 : (x < 0 ? -1 : x); }

/* From 2^23 and 2^52 on every number is whole. */
INLINE float floor_f(float x) {
  float small = abs_f(x) < 8388608.0f ? x : 0.0f;
  float whole = (float)(int32_t)small;
  whole = whole > small ? whole - 1.0f : whole;
  return abs_f(x) < 8388608.0f ? whole : x;
}

INLINE double floor_d(double x) {
  double size = abs_d(x), whole = (size + 4503599627370496.0) - 4503599627370496.0;
  whole = x < 0.0 ? -whole : whole;
  whole = whole > x ? whole - 1.0 : whole;
  return size < 4503599627370496.0 ? whole : x;
}

/* An index; 0 for NaN. */
INLINE int32_t index_t(REAL x) { return (int32_t)clip_t(x == x ? x : 0, 0, 1e9); }

/* The reciprocal root by Newton, from a guess by the bits; the rest of its square is added at last.
   sqrt of <math.h> sets errno, which keeps loops from becoming vectors. */
INLINE float sqrt_f(float x) {
  float small = x < 1e-30f ? x * 1.2089258e24f : x; /* 2^80 */
  float y = of_bits_f(0x5F375A86u - (bits_of_f(small) >> 1));
  float half = 0.5f * small;
  y = y * (1.5f - half * y * y);
  y = y * (1.5f - half * y * y);
  y = y * (1.5f - half * y * y);
  float root = small * y;
  root = root + 0.5f * y * (small - root * root);
  root = x < 1e-30f ? root * 9.0949470e-13f : root; /* 2^-40 */
  root = x > 0.0f ? root : (x == 0.0f ? x : NAN);
  return x < INFINITY ? root : x;
}

INLINE double sqrt_d(double x) {
  double small = x < 1e-280 ? x * 1.3407807929942597e154 : x; /* 2^512 */
  double y = of_bits_d(UINT64_C(0x5FE6EB50C7B537A9) - (bits_of_d(small) >> 1));
  double half = 0.5 * small;
  y = y * (1.5 - half * y * y);
  y = y * (1.5 - half * y * y);
  y = y * (1.5 - half * y * y);
  y = y * (1.5 - half * y * y);
  double root = small * y;
  root = root + 0.5 * y * (small - root * root);
  root = x < 1e-280 ? root * 8.636168555094445e-78 : root; /* 2^-256 */
  root = x > 0.0 ? root : (x == 0.0 ? x : NAN);
  return x < INFINITY ? root : x;
}

INLINE float power_of_2_f(int32_t n) { return of_bits_f((uint32_t)(n + 127) << 23); }

INLINE double power_of_2_d(int64_t n) { return of_bits_d((uint64_t)(n + 1023) << 52); }

/* exp(r) - 1 for |r| <= log(2) / 2. */
INLINE float exp_rest_f(float r) {
  float p = 0.0013948309f;
  p = p * r + 0.0083687929f;
  p = p * r + 0.041666234f;
  p = p * r + 0.166665196f;
  p = p * r + 0.500000009f;
  return p * (r * r) + r;
}

INLINE double exp_rest_d(double r) {
  double p = 2.0923737526867009e-9;
  p = p * r + 2.5112077288911217e-8;
  p = p * r + 2.7557243525531398e-7;
  p = p * r + 2.7557234695362735e-6;
  p = p * r + 2.480158736195848e-5;
  p = p * r + 0.00019841269896608254;
  p = p * r + 0.0013888888888864477;
  p = p * r + 0.008333333333316917;
  p = p * r + 0.041666666666666712;
  p = p * r + 0.16666666666666684;
  p = p * r + 0.5;
  return p * (r * r) + r;
}

/* exp(x) = 2^n exp(x - n log(2)): the last bits of a sum with 1.5 2^23 are the nearest whole n. 2^n
   is two factors, since n may be 128 or -150. */
INLINE float exp_f(float x) {
  float t = clip_f(x, -104.0f, 89.0f);
  float shifted = t * 1.44269504f + 12582912.0f;
  int32_t n = (int32_t)(bits_of_f(shifted) - 0x4B400000u);
  float whole = shifted - 12582912.0f;
  float r = (t - whole * 0.693145752f) - whole * 1.42860677e-6f;
  int32_t half = n >> 1;
  return (exp_rest_f(r) + 1.0f) * power_of_2_f(half) * power_of_2_f(n - half);
}

INLINE double exp_d(double x) {
  double t = clip_d(x, -746.0, 710.0);
  double shifted = t * 1.4426950408889634 + 6755399441055744.0;
  uint64_t n = bits_of_d(shifted) - UINT64_C(0x4338000000000000) + 2048;
  double whole = shifted - 6755399441055744.0;
  double r = (t - whole * 0.69314718036912382) - whole * 1.9082149292705877e-10;
  uint64_t half = n >> 1;
  return (exp_rest_d(r) + 1.0) * power_of_2_d((int64_t)(half - 1024)) * power_of_2_d((int64_t)(n - half - 1024));
}

/* 2^n exp_rest + (2^n - 1), with 2^(n - 1) for the sake of n = 128. */
INLINE float expm1_f(float x) {
  float t = clip_f(x, -18.0f, 89.0f);
  float shifted = t * 1.44269504f + 12582912.0f;
  int32_t n = (int32_t)(bits_of_f(shifted) - 0x4B400000u);
  float whole = shifted - 12582912.0f;
  float r = (t - whole * 0.693145752f) - whole * 1.42860677e-6f;
  float scale = power_of_2_f(n - 1);
  float y = 2.0f * (scale * exp_rest_f(r) + (scale - 0.5f));
  return abs_f(x) < 1e-4f ? x + 0.5f * x * x : y;
}

INLINE double expm1_d(double x) {
  double t = clip_d(x, -40.0, 710.0);
  double shifted = t * 1.4426950408889634 + 6755399441055744.0;
  uint64_t n = bits_of_d(shifted) - UINT64_C(0x4338000000000000);
  double whole = shifted - 6755399441055744.0;
  double r = (t - whole * 0.69314718036912382) - whole * 1.9082149292705877e-10;
  double scale = power_of_2_d((int64_t)(n - 1));
  double y = 2.0 * (scale * exp_rest_d(r) + (scale - 0.5));
  return abs_d(x) < 1e-9 ? x + 0.5 * x * x : y;
}

/* log(x) = e log(2) + log(m) with m in [sqrt(1/2), sqrt(2)), for positive numbers with all digits. */
INLINE float log_normal_f(float x) {
  int32_t bits = (int32_t)(bits_of_f(x) - 0x3F3504F3u);
  int32_t e = bits >> 23;
  float m = of_bits_f(((uint32_t)bits & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
  float p = 0.0675124301f;
  p = p * m - 0.11673662f;
  p = p * m + 0.118851451f;
  p = p * m - 0.124056594f;
  p = p * m + 0.142199345f;
  p = p * m - 0.166680076f;
  p = p * m + 0.200021024f;
  p = p * m - 0.250000092f;
  p = p * m + 0.333333128f;
  float n = (float)e, square = m * m;
  float y = (p * (m * square) + n * 1.42860677e-6f) - 0.5f * square;
  return (m + y) + n * 0.693145752f;
}

INLINE double log_normal_d(double x) {
  uint64_t bits = bits_of_d(x) - UINT64_C(0x3FE6A09E667F3BCD) + UINT64_C(0x4000000000000000);
  uint64_t e = bits >> 52;
  double n = of_bits_d(UINT64_C(0x4330000000000000) | e) - 4503599627371520.0;
  double f = of_bits_d((bits & UINT64_C(0x000FFFFFFFFFFFFF)) + UINT64_C(0x3FE6A09E667F3BCD)) - 1.0;
  double s = f / (2.0 + f), z = s * s, square = 0.5 * f * f;
  double p = 0.14794651637997508;
  p = p * z + 0.15314173133266843;
  p = p * z + 0.18183559826932754;
  p = p * z + 0.22222198653847478;
  p = p * z + 0.28571428741662626;
  p = p * z + 0.39999999999417644;
  p = p * z + 0.6666666666666734;
  double rest = s * (square + p * z) + n * 1.9082149292705877e-10;
  return n * 0.69314718036912382 - ((square - rest) - f);
}

INLINE float log_f(float x) {
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  float y = log_normal_f(scaled) - (x < 1.17549435e-38f ? 15.9423847f : 0.0f);
  y = x > 0.0f ? y : (x == 0.0f ? -INFINITY : NAN);
  return x < INFINITY ? y : x;
}

INLINE double log_d(double x) {
  double scaled = x < 2.2250738585072014e-308 ? x * 18014398509481984.0 : x;
  double y = log_normal_d(scaled) - (x < 2.2250738585072014e-308 ? 37.429947750237048 : 0.0);
  y = x > 0.0 ? y : (x == 0.0 ? -INFINITY : NAN);
  return x < INFINITY ? y : x;
}

/* The logarithm of the sum, and what the sum lost. */
INLINE REAL log1p_t(REAL x) {
  REAL u = 1 + x;
  REAL lost = (x - (u - 1)) / u;
  REAL y = log_t(u);
  return ((u > 0) & (u < INFINITY)) ? y + lost : y;
}

INLINE REAL softplus_t(REAL x) {
  REAL e = exp_t(-abs_t(x)), u = 1 + e;
  return relu_t(x) + (log_normal_t(u) + (e - (u - 1)) / u);
}

INLINE REAL sigmoid_t(REAL x) {
  REAL e = exp_t(-abs_t(x)), y = 1 / (1 + e);
  return x < 0 ? e * y : y;
}

INLINE float tanh_f(float x) {
  float size = abs_f(x), square = x * x;
  float p = -0.0057190082f;
  p = p * square + 0.0206522614f;
  p = p * square - 0.0537439836f;
  p = p * square + 0.133314967f;
  p = p * square - 0.333332841f;
  float near = p * (square * x) + x;
  float far = 1.0f - 2.0f / (exp_f(2.0f * size) + 1.0f);
  return size < 0.625f ? near : (x < 0.0f ? -far : far);
}

INLINE double tanh_d(double x) {
  double size = abs_d(x), e = expm1_d(2.0 * size);
  double y = size < 1.0 ? e / (e + 2.0) : 1.0 - 2.0 / (e + 2.0);
  return x < 0.0 ? -y : (x == 0.0 ? x : y);
}

/* The sine and the cosine of r, |r| <= pi / 4, of which a turn of `quarters` more is taken. Beyond
   |x| = 1e6 digits are lost, as pi / 2 is held in 118 bits; the result stays within [-1, 1]. */
INLINE double turned_d(double x, uint64_t quarters) {
  double shifted = x * 0.63661977236758134 + 6755399441055744.0;
  double n = shifted - 6755399441055744.0;
  double r = ((x - n * 1.5707963267341256) - n * 6.077100506303966e-11) - n * 2.0222662487959506e-21;
  uint64_t q = bits_of_d(shifted) + quarters;
  r = clip_d(r, -0.79, 0.79);
  double z = r * r;
  double s = -7.5788183968358846e-13;
  s = s * z + 1.6058369012806941e-10;
  s = s * z - 2.5052104929933912e-8;
  s = s * z + 2.7557319214259341e-6;
  s = s * z - 0.00019841269841255197;
  s = s * z + 0.0083333333333333229;
  s = s * z - 0.16666666666666667;
  s = s * (z * r) + r;
  double c = 4.7381649083448202e-14;
  c = c * z - 1.1470294493929721e-11;
  c = c * z + 2.087675437687831e-9;
  c = c * z - 2.7557319215422973e-7;
  c = c * z + 2.4801587301571604e-5;
  c = c * z - 0.0013888888888888874;
  c = c * z + 0.041666666666666667;
  c = (c * (z * z) - 0.5 * z) + 1.0;
  double y = (q & 1) != 0 ? c : s;
  return (q & 2) != 0 ? -y : y;
}

INLINE double sin_d(double x) { return turned_d(x, 0); }

INLINE double cos_d(double x) { return turned_d(x, 1); }

/* atan(x) = pi / 2 - atan(1 / x) and atan(x) = pi / 4 + atan((x - 1) / (x + 1)). */
INLINE double atan_d(double x) {
  double size = abs_d(x), t = size > 1.0 ? 1.0 / size : size;
  int steep = t > 0.41421356237309503;
  t = steep ? (t - 1.0) / (t + 1.0) : t;
  double z = t * t;
  double p = -0.013000776662847274;
  p = p * z + 0.02963417474935955;
  p = p * z - 0.040562061233248131;
  p = p * z + 0.0470591526270621;
  p = p * z - 0.052556213204330106;
  p = p * z + 0.058816334120658742;
  p = p * z - 0.066666180190430943;
  p = p * z + 0.076923053965054239;
  p = p * z - 0.090909090174931652;
  p = p * z + 0.11111111109599246;
  p = p * z - 0.14285714285695894;
  p = p * z + 0.19999999999999887;
  p = p * z - 0.33333333333333333;
  double y = p * (z * t) + t;
  y = steep ? 0.78539816339744831 + (y + 3.0616169978683830e-17) : y;
  y = size > 1.0 ? 1.5707963267948966 - (y - 6.123233995736766e-17) : y;
  return x < 0.0 ? -y : y;
}

INLINE double asin_d(double x) { return 2.0 * atan_d(x / (sqrt_d((1.0 - x) * (1.0 + x)) + 1.0)); }

INLINE double acos_d(double x) { return 2.0 * atan_d(sqrt_d((1.0 - x) / (1.0 + x))); }

INLINE double sinh_d(double x) {
  double size = abs_d(x), e = expm1_d(size), h = exp_d(0.5 * size);
  double y = size < 700.0 ? 0.5 * (e + e / (e + 1.0)) : (0.5 * h) * h;
  return x < 0.0 ? -y : y;
}

INLINE double asinh_d(double x) {
  double size = abs_d(x), square = size * size;
  double near = log1p_d(size + square / (1.0 + sqrt_d(1.0 + square)));
  double y = size < 1e150 ? near : log_d(size) + 0.69314718055994531;
  return x < 0.0 ? -y : y;
}

INLINE double atanh_d(double x) {
  double size = abs_d(x), y = 0.5 * log1p_d(2.0 * size / (1.0 - size));
  return x < 0.0 ? -y : y;
}

/* For x >= 0. */
INLINE double power_d(double x, double exponent) {
  double y = exp_d(exponent * log_d(x));
  return exponent == 0.0 ? 1.0 : y;
}

/* What is rarely met in float32 is worked out in float64, and rounded. */
INLINE float sin_f(float x) { return (float)sin_d((double)x); }

INLINE float cos_f(float x) { return (float)cos_d((double)x); }

INLINE float atan_f(float x) { return (float)atan_d((double)x); }

INLINE float asin_f(float x) { return (float)asin_d((double)x); }

INLINE float acos_f(float x) { return (float)acos_d((double)x); }

INLINE float sinh_f(float x) { return (float)sinh_d((double)x); }

INLINE float asinh_f(float x) { return (float)asinh_d((double)x); }

INLINE float atanh_f(float x) { return (float)atanh_d((double)x); }

INLINE float power_f(float x, float exponent) { return (float)power_d((double)x, (double)exponent); }
