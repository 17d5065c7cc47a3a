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
MOST_COPIES = 4096
"""Copies of a base, `[n]`: as many as an event has coordinates."""
MOST_COMPONENTS = 5000
"""Components inside one base or transform: a `let` makes it easy to double them."""

# --- flows -------------------------------------------------------------------------------------

LARGEST_EVENT = 4096
"""Coordinates of an event: a matrix over it has 17 million entries."""
LARGEST_AUTOREGRESSIVE_EVENT = 1024
"""Coordinates of an autoregressive step: its masks grow with their square."""
LARGEST_FLOW = 100_000
"""Coordinates of all steps together: what can be checked in about a second."""
WIDEST_LAYER = 65_536
"""Units of one hidden layer of a network."""
LARGEST_NETWORK = 4_000_000
"""Weights of one network: what can be checked in about a second."""
MOST_WEIGHTS = 8_000_000
"""Weights of all networks of a flow together, masks counted as weights."""
LONGEST_COMPILATION = 60
"""Seconds that the graphs of a flow may take to be built, on one core, as estimated."""
LARGEST_COMPILATION = 4e9
"""Bytes of memory that it may take, as estimated."""
