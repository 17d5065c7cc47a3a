/* A vector register of VECTOR bytes. Only products with matrices are written with it, because gcc
   keeps arrays of sums in memory; every other loop is left to the compiler. */
#ifdef VECTOR
#if T > 1 && VECTOR > T * REAL_BYTES
#define BYTES (T * REAL_BYTES)
#else
#define BYTES VECTOR
#endif
#define WIDTH (BYTES / REAL_BYTES)
#define PART (WIDTH < 8 ? WIDTH : 8)
#define COLUMNS (T / WIDTH < 2 ? 1 : 2)
#define OUTPUTS (8 / COLUMNS)
typedef REAL PASS(Part) __attribute__((vector_size(PART * REAL_BYTES), may_alias));
#if T > 1
typedef REAL PASS(Vector) __attribute__((vector_size(BYTES), may_alias));
#endif
#define Part PASS(Part)
#define Vector PASS(Vector)
#endif
/* The rows of a tile, none of which depends on another. Not unrolled: what gcc makes of short loops
   one by one hides from it that they are vectors. */
#if T > 1 && defined(__clang__)
#define ROWS _Pragma("clang loop vectorize(assume_safety) vectorize_width(T) unroll(disable)") for (int j = 0; j < T; j++)
#elif T > 1 && defined(__GNUC__)
#define ROWS _Pragma("GCC ivdep") _Pragma("GCC unroll 1") for (int j = 0; j < T; j++)
#else
#define ROWS for (int j = 0; j < T; j++)
#endif
#define dense PASS(dense)
#define add PASS(add)
#define add_all PASS(add_all)
#define loss PASS(loss)
#define product PASS(product)
#define dense_relu PASS(dense_relu)
#define block PASS(block)
#define begin PASS(begin)
#define advance PASS(advance)
