"""Opens bundles: numpy and onnxruntime only."""
