/* replay LIBRARY FOLDER FIRST: does the jobs of a folder over the C API of onnxruntime, see
   ../replay/jobs.py. The library is opened by its path and the functions are taken by their places
   in the table that OrtApi is, which its ABI keeps: so no header is needed. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 8
#define API_VERSION 14 /* onnxruntime 1.14 */

enum place {
  GET_ERROR_MESSAGE = 2, CREATE_ENV = 3, CREATE_SESSION = 7, RUN = 9, CREATE_SESSION_OPTIONS = 10,
  SET_THREADS = 24, CREATE_TENSOR_WITH_DATA = 49, GET_DATA = 51, GET_ELEMENT_TYPE = 60,
  GET_RANK = 61, GET_SHAPE = 62, GET_TYPE_AND_SHAPE = 65, CREATE_CPU_MEMORY_INFO = 69,
  RELEASE_STATUS = 93, RELEASE_SESSION = 95, RELEASE_VALUE = 96
};
typedef void *(*function)(); /* gives NULL or an OrtStatus */
struct base { const function *(*table)(uint32_t); const char *(*version)(void); };

static const struct { const char *name; int number; size_t bytes; } TYPES[] = {
  {"float32", 1, 4}, {"int32", 6, 4}, {"int64", 7, 8}, {"float64", 11, 8}
};
static const function *api;
static char words[400];

struct value { char name[64], type[16]; int64_t shape[MOST]; int rank; void *data, *tensor; };
struct job { char graph[4096]; struct value in[MOST], out[MOST]; int ins, outs; };

static int failed(void *status) {
  if (!status) return 0;
  snprintf(words, sizeof words, "%s", ((const char *(*)(void *))api[GET_ERROR_MESSAGE])(status));
  for (char *c = words; *c; c++) if (*c == '\n') *c = ' ';
  api[RELEASE_STATUS](status);
  return 1;
}

static int type_named(const char *name) {
  for (int i = 0; i < 4; i++) if (!strcmp(TYPES[i].name, name)) return i;
  return 0;
}

static int type_numbered(int number) {
  for (int i = 0; i < 4; i++) if (TYPES[i].number == number) return i;
  return 0;
}

static size_t bytes_of(const struct value *v) {
  size_t n = TYPES[type_named(v->type)].bytes;
  for (int i = 0; i < v->rank; i++) n *= (size_t)v->shape[i];
  return n;
}

static void file_name(char *path, const char *folder, int number, const char *name, const char *end) {
  snprintf(path, 4400, "%s/%d.%s.%s", folder, number, name, end);
}

/* The next job; 0 at the end. */
static int next_job(FILE *file, struct job *job) {
  char line[4200];
  memset(job, 0, sizeof *job);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (!strncmp(line, "graph ", 6)) snprintf(job->graph, sizeof job->graph, "%.4090s", line + 6);
    if (!strncmp(line, "input ", 6)) {
      struct value *v = &job->in[job->ins++];
      int at = 0;
      sscanf(line + 6, "%63s %15s %d%n", v->name, v->type, &v->rank, &at);
      char *rest = line + 6 + at;
      for (int i = 0; i < v->rank; i++) v->shape[i] = strtoll(rest, &rest, 10);
    }
    if (!strncmp(line, "output ", 7)) sscanf(line + 7, "%63s", job->out[job->outs++].name);
    if (!strcmp(line, "end")) return 1;
  }
  return 0;
}

static int read_input(struct value *v, void *memory, const char *folder, int number) {
  char path[4400];
  size_t size = bytes_of(v);
  file_name(path, folder, number, v->name, "in");
  FILE *file = fopen(path, "rb");
  v->data = malloc(size + 1);
  if (!file || fread(v->data, 1, size, file) != size) return 1;
  fclose(file);
  return failed(api[CREATE_TENSOR_WITH_DATA](memory, v->data, size, v->shape, (size_t)v->rank,
                                             TYPES[type_named(v->type)].number, &v->tensor));
}

static int write_output(struct value *v, const char *folder, int number) {
  void *about = NULL;
  size_t rank = 0;
  int type = 0;
  char path[4400];
  if (failed(api[GET_TYPE_AND_SHAPE](v->tensor, &about)) || failed(api[GET_RANK](about, &rank)) ||
      failed(api[GET_SHAPE](about, v->shape, rank)) || failed(api[GET_ELEMENT_TYPE](about, &type)) ||
      failed(api[GET_DATA](v->tensor, &v->data))) return 1;
  v->rank = (int)rank;
  strcpy(v->type, TYPES[type_numbered(type)].name);
  file_name(path, folder, number, v->name, "out");
  FILE *file = fopen(path, "wb");
  if (!file) return 1;
  fwrite(v->data, 1, bytes_of(v), file);
  fclose(file);
  printf("@ output %d %s %s %d", number, v->name, v->type, v->rank);
  for (int i = 0; i < v->rank; i++) printf(" %lld", (long long)v->shape[i]);
  printf("\n");
  return 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run(void *session, struct job *job, double *seconds) {
  const char *in_names[MOST], *out_names[MOST];
  void *in[MOST], *out[MOST] = {0};
  for (int i = 0; i < job->ins; i++) { in_names[i] = job->in[i].name; in[i] = job->in[i].tensor; }
  for (int i = 0; i < job->outs; i++) {
    out_names[i] = job->out[i].name;
    if (job->out[i].tensor) api[RELEASE_VALUE](job->out[i].tensor);
  }
  double start = now();
  if (failed(api[RUN](session, NULL, in_names, in, (size_t)job->ins, out_names, (size_t)job->outs, out))) return 1;
  *seconds = now() - start;
  for (int i = 0; i < job->outs; i++) job->out[i].tensor = out[i];
  return 0;
}

static int work(void *env, void *options, void *memory, struct job *job, const char *folder, int number) {
  void *session = NULL;
  double seconds = 0;
  if (failed(api[CREATE_SESSION](env, job->graph, options, &session))) return 1;
  for (int i = 0; i < job->ins; i++) if (read_input(&job->in[i], memory, folder, number)) return 1;
  if (run(session, job, &seconds) || run(session, job, &seconds)) return 1;
  for (int i = 0; i < job->outs; i++) if (write_output(&job->out[i], folder, number)) return 1;
  printf("@ done %d %.9f\n", number, seconds);
  for (int i = 0; i < job->ins; i++) { api[RELEASE_VALUE](job->in[i].tensor); free(job->in[i].data); }
  for (int i = 0; i < job->outs; i++) api[RELEASE_VALUE](job->out[i].tensor);
  api[RELEASE_SESSION](session);
  return 0;
}

int main(int count, char **arguments) {
  static struct job job;
  char path[4400];
  void *env = NULL, *options = NULL, *memory = NULL;
  if (count < 4) return 2;
  void *library = dlopen(arguments[1], RTLD_NOW);
  if (!library) { fprintf(stderr, "%s\n", dlerror()); return 2; }
  const struct base *(*base)(void) = (const struct base *(*)(void))dlsym(library, "OrtGetApiBase");
  api = base ? base()->table(API_VERSION) : NULL;
  if (!api) { fprintf(stderr, "the library has no API of version %d\n", API_VERSION); return 2; }
  if (failed(api[CREATE_ENV](4, "flowspec", &env)) || failed(api[CREATE_SESSION_OPTIONS](&options)) ||
      failed(api[SET_THREADS](options, 1)) || failed(api[CREATE_CPU_MEMORY_INFO](0, 0, &memory))) {
    fprintf(stderr, "%s\n", words);
    return 2;
  }
  snprintf(path, sizeof path, "%s/jobs.txt", arguments[2]);
  FILE *file = fopen(path, "r");
  if (!file) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int number = 0; next_job(file, &job); number++) {
    if (number < atoi(arguments[3])) continue;
    printf("@ start %d\n", number);
    snprintf(words, sizeof words, "its files cannot be read or written");
    if (work(env, options, memory, &job, arguments[2], number)) printf("@ failed %d %s\n", number, words);
  }
  return 0;
}
