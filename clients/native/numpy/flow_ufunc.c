/* flow_ufunc.log_prob(x, context): a generalized ufunc of NumPy, which broadcasts rows. Where the rows of
   both lie one behind the other, the flow gets all of them at once. */
#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#include <Python.h>
#include <fenv.h>
#include <numpy/ndarrayobject.h>
#include <numpy/ufuncobject.h>

#include "flow.h"

#define STRING_(text) #text
#define STRING(text) STRING_(text)
#if FLOW_CONTEXT > 0
#define SIGNATURE "(" STRING(FLOW_COLUMNS) "),(" STRING(FLOW_CONTEXT) ")->()"
enum { INPUTS = 2 };
#else
#define SIGNATURE "(" STRING(FLOW_COLUMNS) ")->()"
enum { INPUTS = 1 };
#endif

static void gathered(float *row, const char *from, npy_intp stride, int count) {
  for (int i = 0; i < count; i++) row[i] = *(const float *)(from + i * stride);
}

/* steps: of the rows of each operand, then of the numbers in a row of each input. */
static void log_prob(char **args, const npy_intp *dimensions, const npy_intp *steps, void *unused) {
  const npy_intp n = dimensions[0], *within = steps + INPUTS + 1;
  const npy_intp width[2] = {FLOW_COLUMNS * sizeof(float), FLOW_CONTEXT * sizeof(float)};
  int dense = steps[INPUTS] == sizeof(float);
  (void)unused;
  for (int i = 0; i < INPUTS; i++) dense = dense && steps[i] == width[i] && within[i] == sizeof(float);
  if (dense) {
    flow_log_prob((float *)args[0], INPUTS > 1 ? (float *)args[1] : NULL, (float *)args[INPUTS], (size_t)n);
    feclearexcept(FE_ALL_EXCEPT);
    return;
  }
  for (npy_intp row = 0; row < n; row++) {
    float x[FLOW_COLUMNS], context[FLOW_CONTEXT + 1];
    gathered(x, args[0] + row * steps[0], within[0], FLOW_COLUMNS);
    if (INPUTS > 1) gathered(context, args[1] + row * steps[1], within[1], FLOW_CONTEXT);
    flow_log_prob(x, context, (float *)(args[INPUTS] + row * steps[INPUTS]), 1);
  }
  feclearexcept(FE_ALL_EXCEPT); /* NaN and -inf are values here, and nothing that NumPy should warn of */
}

static PyUFuncGenericFunction loops[] = {log_prob};
static const char types[] = {NPY_FLOAT, NPY_FLOAT, NPY_FLOAT};
static void *const data[] = {NULL};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "flow_ufunc", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_flow_ufunc(void) {
  import_array();
  import_umath();
  PyObject *made = PyModule_Create(&module);
  PyObject *ufunc = PyUFunc_FromFuncAndDataAndSignature(loops, (void **)data, (char *)types, 1, INPUTS, 1, PyUFunc_None, "log_prob",
                                                        "The log-density of each row.", 0, SIGNATURE);
  if (made == NULL || ufunc == NULL || PyModule_AddObject(made, "log_prob", ufunc) < 0) return NULL;
  return made;
}
