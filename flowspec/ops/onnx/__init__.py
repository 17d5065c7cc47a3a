"""Tapes as ONNX graphs: `lowering` says with ONNX's operators what it lacks, `writer`
writes the graph.

No torch needed.
"""
