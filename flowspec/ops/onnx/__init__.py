"""Tapes as ONNX graphs: `spellings` say with ONNX's operators what it lacks, `writer`
writes the graph.

No torch needed.
"""
