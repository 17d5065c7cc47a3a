package ai.onnxruntime;

import java.util.Map;
import java.util.Optional;

public class OrtSession implements AutoCloseable {
  public static class SessionOptions {}

  public static class Result implements AutoCloseable {
    public Optional<OnnxValue> get(String key) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  public Result run(Map<String, ? extends OnnxTensorLike> inputs) throws OrtException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws OrtException {}
}
