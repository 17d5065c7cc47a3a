"""Mistakes in a text that is written by the grammar: names, arguments, values, blocks."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.repairs import Fix, before, remove_item, replace, replace_name


@mistake
class UnknownName(Diagnostic):
    message = "there is no {kind} called `{name}`"
    help = "{advice}"
    repair = replace("{suggestion}")
    kind: str
    name: str
    advice: str
    suggestion: str = ""


@mistake
class NotABase(Diagnostic):
    message = "a pipeline starts with a base, and `{name}` is {what}"
    help = "put a base before it: `Normal(0, 1) |> {name}`"
    repair = before("Normal(0, 1) |> ")
    name: str
    what: str


@mistake
class WholeFlow(Diagnostic):
    message = "`{name}` is a whole flow, with a base of its own: it cannot follow `|>`"
    help = "begin the pipeline with it, in the place of the base: `{call}`"
    name: str
    call: str


@mistake
class NotAStep(Diagnostic):
    message = "`{name}` is {what}, and only steps can follow `|>`"
    help = "{advice}"
    name: str
    what: str
    advice: str


@mistake
class NoEvent(Diagnostic):
    message = "no `event` is declared whose coordinates could be taken"
    help = "declare it before: `event x, y: real`"


@mistake
class TooManyArguments(Diagnostic):
    message = "{name} takes {most}, not {found}"
    help = "write it like this: `{signature}`"
    name: str
    most: str
    found: int
    signature: str

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """Where none are taken, the argument is too much; elsewhere it may be any of them."""
        if self.most != "no arguments" or self.span is None or self.repairs == ():
            return ()
        return (Fix(self.help, remove_item().edits(self.span, "")),)


@mistake
class UnknownArgument(Diagnostic):
    message = "{name} has no argument `{argument}`"
    help = "{advice}"
    repair = replace_name("{suggestion}")
    name: str
    argument: str
    advice: str
    suggestion: str = ""


@mistake
class RepeatedArgument(Diagnostic):
    message = "`{argument}` of {name} is given twice"
    contrast = "given here already"
    help = "give it once"
    repair = remove_item()
    name: str
    argument: str


@mistake
class PositionAfterName(Diagnostic):
    message = "an argument without a name stands behind a named one"
    help = "name it too, or move it to the front"


@mistake
class MissingArgument(Diagnostic):
    message = "{name} needs {what}"
    help = "write it like this: `{signature}`"
    name: str
    what: str
    signature: str


@mistake
class WrongKind(Diagnostic):
    message = "`{argument}` of {name} must be {expected}, not {found}"
    label = "{found}"
    help = "{advice}"
    repair = replace("{suggestion}")
    name: str
    argument: str
    expected: str
    found: str
    advice: str = ""
    suggestion: str = ""


@mistake
class NotANumber(Diagnostic):
    message = "{found} cannot stand in arithmetic"
    help = "use numbers, vectors of one length, and names of numbers"
    found: str


class BadArithmetic(Diagnostic):
    """Arithmetic without a result."""

    family = "bad-arithmetic"


@mistake
class NumberTooLarge(BadArithmetic):
    message = "the number is too large"
    help = "give a number below 1.8e308, or write `inf` for infinity"
    repair = replace("inf")


@mistake
class UnlikeLengths(BadArithmetic):
    message = "vectors of different lengths cannot be combined"
    help = "give them one length"


@mistake
class NoValue(BadArithmetic):
    message = "this has no value"
    help = "look for 0/0, inf - inf or the root of a negative number"


@mistake
class ResultTooLarge(BadArithmetic):
    message = "the result is too large, or a division by 0"
    help = "write `inf` for infinity"
    repair = replace("inf")


@mistake
class RaggedMatrix(Diagnostic):
    message = "the rows of the matrix have different lengths: {lengths}"
    help = "give every row the same number of entries"
    lengths: str


@mistake
class MixedVector(Diagnostic):
    message = "a vector holds numbers, and this is {found}"
    help = "{advice}"
    found: str
    advice: str


@mistake
class ArrayTooLarge(Diagnostic):
    message = "the vector has more than {limit} numbers, or is nested more than {deepest} deep"
    help = (
        "numbers that are found from data are written `learn(...)`, and kept in a file of weights"
    )
    limit: int
    deepest: int


@mistake
class TooManyBases(Diagnostic):
    message = "{name} would hold more than {limit} bases"
    help = "join fewer; `Normal(0, 1)[n]` makes n coordinates of one base"
    name: str
    limit: int


@mistake
class EmptyVector(Diagnostic):
    message = "the vector is empty"
    help = "write at least one number between the brackets"


@mistake
class NeedsBlock(Diagnostic):
    message = "`{name}` needs a block of steps"
    help = "write `{example}`"
    name: str
    example: str


@mistake
class TakesNoBlock(Diagnostic):
    message = "`{name}` takes no block"
    help = "only {forms} are followed by braces"
    name: str
    forms: str


@mistake
class EmptyBlock(Diagnostic):
    message = "the block of `{name}` is empty"
    help = "write steps between the braces, such as `Tanh`"
    name: str


@mistake
class BadCount(Diagnostic):
    message = "{what} must be a whole number from {low} to {high}, not {found}"
    help = "write a number such as {example}"
    what: str
    low: int
    high: int
    found: str
    example: int


@mistake
class CopiedStep(Diagnostic):
    message = "`{name}` is a step, and only a base can have copies `[n]`"
    help = "remove the brackets; a step acts on every coordinate by itself"
    name: str


@mistake
class CopiedVector(Diagnostic):
    message = "`{name}` is a vector already, so it cannot have copies"
    help = "give scalar parameters, or write the coordinates out with `Join(...)`"
    name: str


@mistake
class RepeatedName(Diagnostic):
    message = "`{name}` is declared twice"
    contrast = "declared here first"
    help = "give one of them another name"
    name: str


@mistake
class BadName(Diagnostic):
    message = "a variable cannot be called so"
    help = "write a name of printable characters, without spaces at its ends"
    repair = replace('"{plain}"')
    plain: str


@mistake
class ReservedName(Diagnostic):
    message = "`{name}` has a meaning already, as {meaning}"
    help = "choose another name"
    name: str
    meaning: str


@mistake
class RepeatedStatement(Diagnostic):
    message = "there are two `{kind}` statements"
    contrast = "the first"
    help = "declare all names in one: `{kind} a, b: real`"
    kind: str


@mistake
class RepeatedTrain(Diagnostic):
    message = "there are two `train` blocks"
    contrast = "the first"
    help = "write all settings in one"


@mistake
class Recursion(Diagnostic):
    message = "`{name}` uses itself"
    help = "a `def` cannot call itself; repeat steps with `repeat(n) {{ ... }}`"
    name: str


@mistake
class TooDeep(Diagnostic):
    message = "`{name}` stands in more than {limit} definitions that use each other"
    help = "write out the steps of some of them in the place of their names"
    name: str
    limit: int


@mistake
class TooManySteps(Diagnostic):
    message = "the flow would have more than {limit} steps"
    help = "repeat fewer times"
    limit: int


@mistake
class UnknownSupport(Diagnostic):
    message = "there is no support called `{name}`"
    help = "{advice}"
    repair = replace("{suggestion}")
    name: str
    advice: str
    suggestion: str = ""


class BadSupport(Diagnostic):
    """A support that is no set, or not one for these variables."""

    family = "bad-support"


@mistake
class TiedContext(BadSupport):
    message = "a context variable is one number in an interval"
    help = "declare each one alone, such as `z: positive`"


@mistake
class SupportCalled(BadSupport):
    message = "`{name}` takes no arguments"
    help = "write `{name}` alone"
    repair = replace("{name}")
    name: str


@mistake
class TiedSupportCalled(BadSupport):
    message = "`{name}` takes no arguments"
    help = "write `{name}` alone; the names before it are its coordinates"
    repair = replace("{name}")
    name: str


@mistake
class OneVariableTied(BadSupport):
    message = "`{name}` ties two or more variables together"
    help = "name them before it: `p, q, r: simplex`"
    name: str


@mistake
class CircleEnds(BadSupport):
    message = "a circle has two ends"
    help = "write `circle(-pi, pi)`"
    repair = replace("circle(-pi, pi)")


@mistake
class InfiniteCircle(BadSupport):
    message = "a circle has finite ends"
    help = "write `circle(-pi, pi)`"
    repair = replace("circle(-pi, pi)")


@mistake
class EndNotANumber(BadSupport):
    message = "the end of an interval is one number"
    help = "write a number, `inf` or `-inf`"


@mistake
class EmptyInterval(BadSupport):
    message = "the interval is empty"
    help = "write the smaller end first"


@mistake
class UnknownCoordinate(Diagnostic):
    message = "{found} names no coordinate"
    help = "{advice}"
    repair = replace("{suggestion}")
    found: str
    advice: str
    suggestion: str = ""


@mistake
class CalledName(Diagnostic):
    message = "`{name}` is {what}, so it takes no arguments"
    help = "write `{name}` alone"
    repair = replace("{name}")
    name: str
    what: str
