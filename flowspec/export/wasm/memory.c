#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  char *a = to;
  const char *b = from;
  for (size_t i = 0; i < count; i++) a[i] = b[i];
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  char *a = to;
  const char *b = from;
  if (a < b) return memcpy(to, from, count);
  for (size_t i = count; i > 0; i--) a[i - 1] = b[i - 1];
  return to;
}

void *memset(void *to, int value, size_t count) {
  char *a = to;
  for (size_t i = 0; i < count; i++) a[i] = (char)value;
  return to;
}
