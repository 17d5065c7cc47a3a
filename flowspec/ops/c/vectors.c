/* A vector register of VECTOR bytes. Only products with matrices are written with it, because gcc
   keeps arrays of sums in memory; every other loop is left to the compiler. */
#ifdef VECTOR
#define WIDTH (VECTOR / REAL_BYTES)
#define PART (WIDTH < 8 ? WIDTH : 8)
#define COLUMNS (T / WIDTH < 2 ? 1 : 2)
#define OUTPUTS (8 / COLUMNS)
typedef REAL PASS(Part) __attribute__((vector_size(PART * REAL_BYTES), may_alias));
#if T > 1
typedef REAL PASS(Vector) __attribute__((vector_size(VECTOR), may_alias));
#endif
#define Part PASS(Part)
#define Vector PASS(Vector)
#endif
#define dense PASS(dense)
#define several PASS(several)
