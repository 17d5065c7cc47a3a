"""Mistakes in a flow that is written correctly: shapes, supports, parameters.

They are the same whether the flow came from text (then they carry spans), from JSON or
from Python.
"""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.repairs import replace_start, replace_value, unwrap


@mistake
class InComponent(Diagnostic):
    """A mistake in one field of a component; the checker turns `field` into the
    argument's span.
    """

    part: str = ""
    field: str = ""


@mistake
class SizeMismatch(InComponent):
    message = "`{field}` of {part} has {found}, but the event has {expected}"
    label = "{found}"
    help = "give one number, which serves every coordinate, or a vector of {size}"
    found: str
    expected: str
    size: int


@mistake
class VectorForScalar(InComponent):
    message = "`{field}` of {part} is a vector, but the flow is a scalar here"
    label = "{found}"
    help = "give one number, or make the base a vector: `Normal(0, 1)[{size}]`"
    found: str
    size: int


@mistake
class NotAMatrix(InComponent):
    message = "`{field}` of {part} must be a matrix of {size:row} and {size:column}, not {found}"
    label = "{found}"
    help = "write it as a vector of rows: {example}"
    size: int
    found: str
    example: str


@mistake
class WrongShape(InComponent):
    message = "`{field}` of {part} must be {expected}, not {found}"
    label = "{found}"
    help = "{advice}"
    expected: str
    found: str
    advice: str = ""


@mistake
class UnequalSizes(InComponent):
    message = "the parameters of {part} have different lengths: {lengths}"
    help = "give vectors of one length; a single number serves every coordinate"
    lengths: str


@mistake
class OutOfRange(InComponent):
    message = "`{field}` of {part} cannot be {value}"
    label = "takes {takes}"
    help = "{advice}"
    repair = replace_value("{suggestion}")
    value: str
    takes: str
    advice: str = ""
    suggestion: str = ""


@mistake
class NotFinite(InComponent):
    message = "`{field}` of {part} must be finite, not {value}"
    help = "give a finite number"
    value: str


@mistake
class LearnOutOfRange(InComponent):
    message = "`{field}` of {part} would be trained between {low} and {high}, but it takes {takes}"
    help = "leave the bounds out, or choose others: `{advice}`"
    repair = replace_value("{advice}")
    low: str
    high: str
    takes: str
    advice: str


@mistake
class UnsortedBounds(InComponent):
    message = (
        "`{field}` of {part} would be trained between {low} and {high}, where there is no number"
    )
    help = "write the smaller bound as `low`: `learn({example}, low={high}, high={low})`"
    repair = replace_value("learn({example}, low={high}, high={low})")
    low: str
    high: str
    example: str


@mistake
class LearnStart(InComponent):
    message = "`{field}` of {part} cannot start at {value}: it is kept inside {bounds}"
    help = "start it inside, for example `learn({example})`"
    repair = replace_start("{example}")
    value: str
    bounds: str
    example: str


@mistake
class ContextOutOfRange(InComponent):
    message = "`{field}` of {part} takes {takes}, but the context `{name}` can be {gives}"
    help = "declare the context so that it fits: `context {declared}: {example}`"
    takes: str
    name: str
    declared: str
    gives: str
    example: str


@mistake
class NotTrainable(InComponent):
    message = "`{field}` of {part} cannot be trained or come from the context"
    help = "{advice}"
    repair = unwrap("learn")
    advice: str


@mistake
class NotByRow(InComponent):
    message = "`{field}` of {part} cannot come from the context"
    label = "is the same for every row"
    help = "give fixed numbers, or `learn(...)` to train them"


@mistake
class SettingOutOfRange(InComponent):
    message = "`{field}` of {part} must be {expected}, not {found}"
    help = "{advice}"
    expected: str
    found: str
    advice: str = ""


@mistake
class EventTooLarge(InComponent):
    message = "the event has {size:coordinate}, and FlowSpec goes up to {limit}"
    help = "make the base smaller"
    size: int
    limit: int


@mistake
class FlowTooLarge(InComponent):
    message = "from here on the flow has more than {limit} coordinates, added up over its steps"
    help = "use fewer steps; on {size:coordinate} there may be {most}"
    size: int
    limit: int

    @property
    def most(self) -> int:
        return self.limit // self.size


@mistake
class RankTooLarge(InComponent):
    message = "`rank` of {part} is {rank}, and the flow has {size:coordinate} here"
    help = "give a rank of at most {size}"
    repair = replace_value("{size}")
    rank: int
    size: int


@mistake
class NotAPermutation(InComponent):
    message = "`{field}` of {part} must name each coordinate once"
    help = "use every number from 0 to {last} once"
    last: int


@mistake
class UnsortedInterval(InComponent):
    message = "`{low_field}` of {part} must be less than `{field}`"
    help = "swap them, or bound what is trained so that they cannot cross: `learn(0, high=1)`"
    low_field: str


@mistake
class SingularMatrix(InComponent):
    message = "`{field}` of {part} cannot be inverted"
    help = "give a matrix whose rows are independent, such as one with a dominant diagonal"


@mistake
class NotTriangular(InComponent):
    message = "`{field}` of {part} must be lower triangular with a positive diagonal"
    help = "write 0 above the diagonal and positive numbers on it: `[[1, 0], [0.5, 2]]`"


@mistake
class EntryTooLarge(InComponent):
    message = "an entry of `{field}` of {part} is greater than {limit}"
    help = "give smaller numbers: sums of such products leave the range of float32"
    limit: str


@mistake
class ZeroVector(InComponent):
    message = "`{field}` of {part} is the zero vector, which has no direction"
    help = "give at least one entry other than 0"


@mistake
class UnsortedKnots(InComponent):
    message = "`{field}` of {part} must increase from knot to knot"
    help = "give two knots or more, sorted, and each once"


@mistake
class NotACovariance(InComponent):
    message = "`{field}` of {part} must be symmetric and positive definite"
    help = (
        "write the same number at [i, j] and [j, i], "
        "and variances on the diagonal that are large enough"
    )


@mistake
class NearlyFlat(InComponent):
    message = "the variances of {part} differ by a factor of {ratio}, along its axes"
    note = "beyond 1e12 hardly a digit of its density would be right"
    help = (
        "leave out what follows from the other coordinates; "
        "write units as a `Scale` behind variances near 1"
    )
    ratio: str


@mistake
class UnlikeComponents(InComponent):
    message = "the components of {part} have different numbers of coordinates"
    help = "give every component the same shape: all scalars, or vectors of one length"


@mistake
class ScatteredComponents(InComponent):
    message = "the supports of the components of {part} leave gaps between them"
    note = "{cause}"
    help = "choose components whose supports overlap, or of which one holds all the others"
    cause: str = ""


@mistake
class NoQuantile(InComponent):
    message = "{part} needs a base with a closed-form distribution function, and {base} has none"
    help = (
        "truncate one of these: Normal, Laplace, Logistic, Cauchy, Gumbel, Exponential, "
        "HalfNormal, LogNormal, Uniform"
    )
    base: str


@mistake
class EmptyCut(InComponent):
    message = "nothing of the base is left between `low` and `high`"
    help = "the base gives {gives}; let the ends reach into that"
    gives: str


@mistake
class ThinCut(InComponent):
    message = "less than {least} of the probability of {base} lies between `low` and `high`"
    help = "move the ends to where {base} has its mass"
    base: str
    least: str


# --- networks -------------------------------------------------------------------------------------


@mistake
class NetworkTooLarge(InComponent):
    message = (
        "the networks of the flow have {weights} weights with that of {part}; {limit} are the limit"
    )
    help = "make `hidden` smaller, or the steps fewer"
    weights: int
    limit: int


@mistake
class WrongCount(InComponent):
    message = "`{field}` of {part} has {found} {what}, but the event has {size:coordinate}"
    help = "give one for each coordinate"
    found: int
    what: str
    size: int


@mistake
class OneSidedMask(InComponent):
    message = "`{field}` of {part} leaves nothing to change, or nothing to pass"
    help = "write 1 for the coordinates that pass and 0 for the others, some of each"


@mistake
class OrderAndAdjacency(InComponent):
    message = "{part} has an `order` and an `adjacency`, which says the order already"
    help = "give one of them"


@mistake
class WrongAdjacency(InComponent):
    message = "`{field}` of {part} is {found}, but the event has {size:coordinate}"
    help = (
        "give a row for each coordinate, with a column for each coordinate "
        "and perhaps for each context variable"
    )
    found: str
    size: int


@mistake
class AdjacencyTooWide(InComponent):
    message = "`{field}` of {part} is {found}, but there are {size} and {variables}"
    help = "give each row {columns}"
    found: str
    size: str
    variables: str
    columns: str


@mistake
class CircularAdjacency(InComponent):
    message = "`{field}` of {part} goes in a circle: a coordinate would depend on itself"
    help = "order the coordinates so that each depends only on those before it"
