"""The vocabulary in which every formula is written, and its interpreters (one file each)."""

from flowspec.ops.vocabulary import Ops

__all__ = ["Ops"]
