"""Mistakes against the grammar."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.repairs import before, remove, replace

# --- files and texts as a whole ----------------------------------------------------------------


@mistake
class FileTooLarge(Diagnostic):
    message = "the text is {size} bytes long; a .flow file may have {limit}"
    help = "write repeated steps with `repeat(n) {{ ... }}`, and keep weights out of the text"
    size: int
    limit: int


@mistake
class UnreadableFile(Diagnostic):
    message = "cannot read {name}: {reason}"
    help = "give the path of a .flow file"
    name: str
    reason: str


@mistake
class NotText(Diagnostic):
    message = "{name} is no text: {reason}"
    help = "a .flow file is plain text in UTF-8"
    name: str
    reason: str


@mistake
class NestedTooDeeply(Diagnostic):
    message = "more than {limit} brackets are open here"
    help = "name parts with `let` and `def` instead of nesting them"
    limit: int


@mistake
class TooManyWords(Diagnostic):
    message = "the text has more than {limit} numbers, names and signs"
    help = "write repeated steps with `repeat(n) {{ ... }}`, and keep weights out of the text"
    limit: int


@mistake
class EmptyFile(Diagnostic):
    message = "there is no flow here"
    help = "write a base and steps, for example `Normal(0, 1) |> Tanh`"


@mistake
class MissingPipeline(Diagnostic):
    message = "the statements are followed by no pipeline"
    help = "end the file with a base and steps, for example `Normal(0, 1) |> Tanh`"


# --- signs and characters ----------------------------------------------------------------------


class WrongSign(Diagnostic):
    """A character or a sign that means something else, or nothing."""

    family = "wrong-sign"


@mistake
class WrongArrow(WrongSign):
    message = "`{arrow}` does not join steps"
    help = "write `|>`"
    repair = replace("|>")
    arrow: str


@mistake
class WrongComment(WrongSign):
    message = "`{opening}` starts no comment"
    help = "comments start with `#`"
    repair = replace("#")
    opening: str


@mistake
class UnclosedString(WrongSign):
    message = "the string has no end"
    help = 'close it with `"`'


@mistake
class Lookalike(WrongSign):
    message = "`{found}` looks like `{meant}`, but is another character"
    help = "write `{meant}`"
    found: str
    meant: str


@mistake
class UnknownCharacter(WrongSign):
    message = "{found} means nothing in FlowSpec"
    help = "remove it; names are made of A-Z, a-z, 0-9 and _"
    found: str


@mistake
class MeaninglessSign(WrongSign):
    message = "`{found}` means nothing here"
    help = "{advice}"
    found: str
    advice: str = "remove it"


@mistake
class Semicolon(WrongSign):
    message = "`;` ends nothing here"
    help = "remove it; statements and steps need no mark at their end"


@mistake
class SingleQuote(WrongSign):
    message = "strings stand in double quotes"
    help = "write \"...\" in place of '...'"


@mistake
class Caret(WrongSign):
    message = "`^` is not the power"
    help = "write `**`"
    repair = replace("**")


@mistake
class PercentSign(WrongSign):
    message = "there is no `%` operator"
    help = "remove it"


@mistake
class Backslash(WrongSign):
    message = "line breaks mean nothing, so no `\\` is needed"
    help = "remove it"
    repair = remove()


@mistake
class Backquote(WrongSign):
    message = "names are written without quotes"
    help = "remove the backquote"


@mistake
class SingleBar(WrongSign):
    message = "`|` is not an operator; steps are joined with `|>`"
    help = "write `|>`"


@mistake
class LoneDot(WrongSign):
    message = "there is nothing behind a `.` here"
    help = "steps are joined with `|>`; decimals are written `0.5`"


@mistake
class StrayColon(WrongSign):
    message = "`:` stands only between a declared name and its support"
    help = "separate the names by `,`: `event x, y: real`"


@mistake
class IntervalWithoutColon(WrongSign):
    message = "a support stands behind `:`"
    help = "write `{name}: [0, 1]`; `{name}[3]` declares three variables"
    repair = before(": ")
    name: str


@mistake
class EqualsForColon(WrongSign):
    message = "a support stands behind `:`, not `=`"
    help = "write `{name}: real`"
    repair = replace(":")
    name: str


@mistake
class MissingLet(WrongSign):
    message = "a name gets its value from `let`"
    help = "write `let {name} = ...`"
    name: str


@mistake
class BadNumber(WrongSign):
    message = "`{found}` is no number"
    help = "write digits, one `.` and an exponent: `1000`, `0.5`, `1e-3`"
    found: str


# --- steps -------------------------------------------------------------------------------------


class MissingStep(Diagnostic):
    """Something else stands where a step belongs."""

    family = "missing-step"


@mistake
class DoublePipe(MissingStep):
    message = "a step is missing between `|>` and `|>`"
    help = "write a step, or one `|>`"
    repair = remove()


@mistake
class LeadingPipe(MissingStep):
    message = "the {place} starts with `|>`"
    help = "a pipeline starts with a base, such as `Normal(0, 1)`, a block with a step"
    repair = remove()
    place: str


@mistake
class TrailingPipe(MissingStep):
    message = "the pipeline ends with `|>`"
    help = "write a step after it, such as `Tanh`, or remove it"


@mistake
class NoStep(MissingStep):
    message = "`{found}` is no step"
    help = "a step is a name, with arguments if it needs any: `Affine(0, 2)`"
    found: str


@mistake
class MissingParentheses(MissingStep):
    message = "arguments stand in parentheses"
    help = "write `{name}({found})`"
    name: str
    found: str


@mistake
class UnfinishedValue(MissingStep):
    message = "the file ends after `{before}`"
    help = "write a value, such as a number"
    before: str


@mistake
class MissingPipe(Diagnostic):
    message = "two steps stand side by side"
    label = "a second step starts here"
    help = "write `|>` between them, before `{found}`"
    found: str


@mistake
class UnknownStatement(Diagnostic):
    message = "there is no statement called `{name}`"
    help = "did you mean `{suggestion}`?"
    repair = replace("{suggestion}")
    name: str
    suggestion: str


@mistake
class LateStatement(Diagnostic):
    message = "`{keyword}` stands behind the pipeline"
    help = "write all statements first; the pipeline ends the file"
    keyword: str


@mistake
class MissingComma(Diagnostic):
    message = "a `,` is missing before `{found}`"
    help = "{advice}"
    found: str
    advice: str


@mistake
class MissingOperator(Diagnostic):
    message = "an operator is missing between `{before}` and `{found}`"
    help = "write `{before} * {found}` for the product"
    repair = before(" * ")
    before: str
    found: str


@mistake
class MissingValue(Diagnostic):
    message = "a value is missing before `{found}`"
    help = "{advice}"
    found: str
    advice: str = "write a number, a vector `[...]` or a name there, or remove the `{found}`"


@mistake
class Unclosed(Diagnostic):
    message = "`{opening}` is never closed"
    label = "{place}"
    contrast = "opened here"
    help = "write `{closing}` {where_to}"
    opening: str
    closing: str
    place: str
    where_to: str


@mistake
class Unopened(Diagnostic):
    message = "`{closing}` closes nothing"
    help = "remove it, or open it with `{opening}` before"
    repair = remove()
    closing: str
    opening: str


@mistake
class WrongBracket(Diagnostic):
    message = "`{closing}` does not close the `{opening}` before it"
    contrast = "opened here"
    help = "write `{expected}`"
    closing: str
    opening: str
    expected: str


@mistake
class MissingBraces(Diagnostic):
    message = "the steps of `{form}` stand in braces"
    help = "write `{written} {{ {found} }}`"
    form: str
    written: str
    found: str


@mistake
class ColonArgument(Diagnostic):
    message = "a named argument is written with `=`, not `{found}`"
    help = "write `{name} = value`"
    found: str
    name: str


@mistake
class UnexpectedWord(Diagnostic):
    message = "{found} cannot stand here, after {before}"
    help = "expected here: {expected}"
    found: str
    before: str
    expected: str


# --- the settings of a training ----------------------------------------------------------------


class BadTrain(Diagnostic):
    """A `train` block that is written in another way."""

    family = "bad-train"
    help = "write `train {{ epochs = 100, learning_rate = 1e-3 }}`"


@mistake
class TrainWithoutBraces(BadTrain):
    message = "the settings of `train` stand in braces"


@mistake
class SettingWithoutValue(BadTrain):
    message = "`{name}` needs a value"
    name: str


@mistake
class NoSetting(BadTrain):
    message = "`{found}` is no setting"
    found: str
