"""Limits on flows and texts, each with its unit and its reason.

They stand below all that checks them. A limit of one algorithm, or of one picture's
layout, stays beside it; the number of mistakes after which checking stops is
`diagnostics.collector`'s.
"""

from __future__ import annotations

# --- texts -------------------------------------------------------------------------------------

LARGEST_TEXT = 200_000
"""Bytes of a .flow file: what can be read in a moment. Weights do not belong there."""
MOST_TOKENS = 25_000
"""Numbers, names and signs of a text: about a second of parsing."""
DEEPEST_BRACKETS = 64
"""Brackets open at once: evaluation recurses into them."""
LARGEST_ARRAY = 2**16
"""Numbers of one vector in a text."""
MOST_AXES = 4
"""Axes of an array in a text, nested brackets: more than any parameter has."""
DEEPEST_MACROS = 64
"""Macros being unfolded inside each other: unfolding recurses."""
LONGEST_PIPELINE = 1000
"""Steps of a flow, `repeat` unfolded: what can be checked in about a second."""
MOST_ELEMENTS = 10 * LONGEST_PIPELINE
"""Elements of pipelines unfolded for a flow, also where macros hold no steps or wrong
ones.
"""
MOST_COPIES = 16_384
"""Copies of a base, `[n]`: as many as an event has coordinates."""
MOST_COMPONENTS = 5000
"""Components inside one base or transform: a `let` makes it easy to double them."""

# --- flows -------------------------------------------------------------------------------------

LARGEST_EVENT = 16_384
"""Coordinates of an event: a mask over it has 268 million entries."""
LARGEST_FLOW = 300_000
"""Coordinates of all steps together: what can be checked in some seconds."""
WIDEST_LAYER = 65_536
"""Units of one hidden layer of a network."""
LARGEST_NETWORK = 100_000_000
"""Weights of one network: 800 MB in float64."""
MOST_WEIGHTS = 400_000_000
"""Weights of all networks of a flow together, masks counted as weights: half of them, in float64,
are as much as one ONNX file may hold.
"""
LONGEST_COMPILATION = 600
"""Seconds that the graphs of a flow may take to be built, on one core, as estimated."""
