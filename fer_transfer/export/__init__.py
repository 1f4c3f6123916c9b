"""Networks and classifiers as ONNX files."""
