"""Tapes as ONNX graphs: `spelling` says with ONNX's operators what it lacks, `writer`
writes the graph.

No torch needed.
"""
