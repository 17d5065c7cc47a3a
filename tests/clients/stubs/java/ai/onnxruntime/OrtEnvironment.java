package ai.onnxruntime;

/** What Flow.java uses of onnxruntime 1.23, by its signatures alone: nothing runs. */
public final class OrtEnvironment {
  public static OrtEnvironment getEnvironment() {
    throw new UnsupportedOperationException();
  }

  public OrtSession createSession(String path, OrtSession.SessionOptions options) throws OrtException {
    throw new UnsupportedOperationException();
  }
}
