"""The recorded graph: formulas written down, entry by entry, before anything is computed
or exported.

    recording   the interpreter that writes formulas down (`TapeOps`)
    tape        what is written: `Tape`, `Entry`
    passes      tapes made shorter: rules for one entry in the light of its operands, and
    dead code
    spelling    tapes in the operations that a writer has
    replay      a tape run by any interpreter: numpy, torch, 50 digits, another tape, a
    writer

An entry is one operation of the vocabulary, or of the few that graphs need besides
(`replay.FURTHER`). What a target lacks stays one entry here; its writer decides how to
spell it. So a new target is a class with a method for each operation that it has, given
to `replay`; what it lacks is first recorded again by its spellings. A gradient is a tape
too: `replay` of a tape backwards, each entry's derivative written with the operators of its
`Recorded` operands.
"""

from flowspec.ops.tape.recorded import Recorded
from flowspec.ops.tape.recording import TapeOps
from flowspec.ops.tape.tape import BATCH, Entry, Shape, Tape

__all__ = ["BATCH", "Entry", "Recorded", "Shape", "Tape", "TapeOps"]
