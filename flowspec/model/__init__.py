"""A flow that can be evaluated: weights put in, bound to an interpreter, sampled, scored."""

from flowspec.model.model import Model

__all__ = ["Model"]
