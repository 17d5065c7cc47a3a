package ai.onnxruntime;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

public class OnnxTensor extends OnnxTensorLike {
  public static OnnxTensor createTensor(OrtEnvironment env, Object data) throws OrtException {
    throw new UnsupportedOperationException();
  }

  public static OnnxTensor createTensor(OrtEnvironment env, FloatBuffer data, long[] shape)
      throws OrtException {
    throw new UnsupportedOperationException();
  }

  public static OnnxTensor createTensor(OrtEnvironment env, DoubleBuffer data, long[] shape)
      throws OrtException {
    throw new UnsupportedOperationException();
  }

  public FloatBuffer getFloatBuffer() {
    throw new UnsupportedOperationException();
  }

  public DoubleBuffer getDoubleBuffer() {
    throw new UnsupportedOperationException();
  }
}
