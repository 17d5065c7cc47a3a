/* What Flow.java calls: arrays are lent to the flow while it runs. */
#include <jni.h>

#include "flow.h"

static float *lent(JNIEnv *env, jfloatArray array) { return (*env)->GetPrimitiveArrayCritical(env, array, NULL); }

static void back(JNIEnv *env, jfloatArray array, float *values, jint mode) {
  (*env)->ReleasePrimitiveArrayCritical(env, array, values, mode);
}

JNIEXPORT void JNICALL Java_Flow_logProb(JNIEnv *env, jclass flow, jfloatArray x, jfloatArray context, jfloatArray log_prob) {
  const jsize n = (*env)->GetArrayLength(env, log_prob);
  float *points = lent(env, x), *given = lent(env, context), *found = lent(env, log_prob);
  (void)flow;
  flow_log_prob(points, given, found, (size_t)n);
  back(env, log_prob, found, 0);
  back(env, context, given, JNI_ABORT);
  back(env, x, points, JNI_ABORT);
}

JNIEXPORT void JNICALL Java_Flow_sample(JNIEnv *env, jclass flow, jlong seed, jlong first_row, jfloatArray context, jfloatArray x,
                                        jfloatArray log_prob) {
  const jsize n = (*env)->GetArrayLength(env, log_prob);
  float *points = lent(env, x), *given = lent(env, context), *found = lent(env, log_prob);
  (void)flow;
  flow_sample(seed, first_row, given, points, found, (size_t)n);
  back(env, log_prob, found, 0);
  back(env, context, given, JNI_ABORT);
  back(env, x, points, 0);
}
