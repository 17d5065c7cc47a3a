"""The targets of graphs: how each has them, and what it is known to be wrong on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowspec.ops.onnx import spellings
from flowspec.ops.onnx.spellings import COMMON
from flowspec.ops.tape.spelling import Dialect, Spellings
from flowspec.runtime.signatures import GRAPHS
from flowspec.runtime.targets import GRAPHS_OF

FLOATS = ("float32", "float64")


@dataclass(frozen=True)
class Profile:
    """The abilities of a target.

    name         as messages call it
    title        what it is, in a line
    ir_versions  opset -> the oldest IR version that carries it, so that the oldest runtimes open
                 the file
    operators    of ai.onnx; None for all
    dtypes       of the graphs' inputs and outputs
    any_batch    True if it runs graphs whose number of rows is open
    rows         the number of rows of a run, where there is one only
    dialect      how operations are written for it
    small_words  True if random numbers are drawn with whole numbers below 2^31
    graphs       the graphs that it gets
    changes      what that changes, in words
    wrong_on     what it is known to compute wrongly of its own graphs
    wrong_on_default   what of those for onnxruntime
    """

    name: str
    title: str
    ir_versions: Mapping[int, int]
    operators: frozenset[str] | None = None
    dtypes: tuple[str, ...] = FLOATS
    any_batch: bool = True
    rows: int | None = None
    dialect: Dialect = COMMON
    small_words: bool = False
    graphs: tuple[str, ...] = tuple(GRAPHS)
    changes: tuple[str, ...] = ()
    wrong_on: tuple[str, ...] = ()
    wrong_on_default: str = ""

    @property
    def lowest_opset(self) -> int:
        return min(self.ir_versions)

    @property
    def highest_opset(self) -> int:
        return max(self.ir_versions)


def _dialect(*tables: Spellings, loops: bool = True) -> Dialect:
    """What onnxruntime gets, and these tables."""
    chosen = dict(spellings.DEFAULT)
    for table in tables:
        chosen.update(table)
    return Dialect(chosen, loops)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


OF_JAXONNXRUNTIME = _names(
    """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast Ceil Clip Concat Cos Cosh Div Equal Erf
    Exp Expand Gather GatherElements Gemm Identity Less LessOrEqual Log MatMul Max Min Mul Neg
    Not Or Pow Range Reciprocal ReduceMax ReduceMean ReduceSum Relu Reshape Shape Sigmoid Sin
    Sinh Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Where
    """
)
"""The operators of jaxonnxruntime 0.3."""

OF_SOFIE = _names(
    """
    Abs Add Cast Concat Cos Div Elu Equal Erf Exp Expand Gather Gemm Greater GreaterOrEqual
    Identity Less LessOrEqual Log MatMul Max Min Mul Neg Pow Range Reciprocal ReduceSum Relu
    Reshape Shape Sigmoid Sin Slice Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze
    Where
    """
)
"""The operators that ROOT's documentation of SOFIE lists, those that are used here."""

NO_LOOPS = "loops are written out, so that graphs are larger"
SMALL_WORDS = (
    "samples are drawn with whole numbers below 2^31: the same ones, at 1.2 to 1.5 times the cost"
)
NAN_BY_WHERE = "NaN is carried by Where: Max, Min, Clip and Relu lose it there, and {} too"
BY_HAND = "CumSum, Floor, Sign, Elu and Clip are written by hand"

ONNXRUNTIME = Profile(
    "onnxruntime",
    "onnxruntime in Python, C, C++, C#, Java, Rust and Node, 1.17 and later",
    {18: 8, 19: 9, 20: 9, 21: 10, 22: 10},
    changes=("no Greater, GreaterOrEqual, IsInf and ReduceMax, which few readers have",),
)
ONNXRUNTIME_2023 = Profile(
    "onnxruntime-2023",
    "onnxruntime 1.15 and 1.16",
    {18: 8, 19: 9},
    dialect=_dialect(loops=False),
    changes=(NO_LOOPS,),
    wrong_on_default="a loop within a loop, as samples of BlockAutoregressive have, does not run",
)
WEB = Profile(
    "web",
    "onnxruntime-web in browsers, with WASM",
    {18: 8, 19: 9, 20: 9, 21: 10},
    wrong_on=("WebGPU: samples are off by up to 1e-3, and subnormal numbers are 0",),
)
STATIC = Profile(
    "static",
    "compilers that want every size beforehand: a fixed number of rows, no loops",
    {18: 8, 19: 9, 20: 9, 21: 10, 22: 10},
    any_batch=False,
    dialect=_dialect(
        spellings.EQUALITY, spellings.RUNNING_SUMS, spellings.FUNCTIONS, spellings.CLIP, loops=False
    ),
    changes=(NO_LOOPS, BY_HAND + ", and LessOrEqual too"),
)
OPENVINO = Profile(
    "openvino",
    "OpenVINO on CPUs, with INFERENCE_PRECISION_HINT f32",
    {18: 8},
    dtypes=("float32",),
    dialect=_dialect(spellings.NAN, spellings.NAN_OF_EXP, spellings.SUMS),
    small_words=True,
    changes=(
        NAN_BY_WHERE.format("Exp"),
        "ReduceSum keeps its axis, and a Squeeze follows",
        SMALL_WORDS,
    ),
    wrong_on_default="samples are wrong without a word, as it computes int64 with 32 bits; so are "
    "sums that it joins with what follows; NaN is lost",
    wrong_on=(
        "seeds and row numbers beyond 2^31: it computes int64 with 32 bits",
        "float64, which it computes as float32, and which is refused",
    ),
)
TRACT = Profile(
    "tract",
    "tract, in Rust and Python",
    {18: 8},
    dtypes=("float32",),
    dialect=_dialect(spellings.NAN, spellings.NAN_OF_TANH, loops=False),
    graphs=GRAPHS_OF["tract"],
    changes=(
        "no sample.onnx: opening the random number generator takes it hours; feed from_noise.onnx",
        NO_LOOPS,
        NAN_BY_WHERE.format("Tanh"),
    ),
    wrong_on=("NaN in products with 0: to_base.onnx of BlockAutoregressive",),
    wrong_on_default="it has no loops, loses NaN, and opens no sample.onnx",
)
HSSM = Profile(
    "hssm",
    "HSSM and LANfactory: likelihoods that JAX reads through jaxonnxruntime and differentiates",
    {18: 8},
    operators=OF_JAXONNXRUNTIME,
    dtypes=("float32",),
    rows=1,
    dialect=_dialect(spellings.RUNNING_SUMS, spellings.FUNCTIONS, spellings.CLIP, loops=False),
    graphs=GRAPHS_OF["hssm"],
    changes=(
        "one graph, log_prob.onnx, of one row",
        "its input is one vector `row`: the context (HSSM's parameters), then the point",
        NO_LOOPS,
        BY_HAND,
    ),
    wrong_on=(
        "gradients of rows with numbers next to the largest or smallest of float32, which may be "
        "NaN; on kinks JAX takes the mean of both sides",
    ),
    wrong_on_default="operators are missing",
)
SOFIE = Profile(
    "sofie",
    "ROOT's SOFIE, which generates C++",
    {18: 8},
    operators=OF_SOFIE,
    dtypes=("float32",),
    dialect=_dialect(
        spellings.RUNNING_SUMS,
        spellings.FUNCTIONS,
        spellings.CLIP,
        spellings.LOGIC,
        spellings.SELECTION,
        spellings.SOFTPLUS,
        loops=False,
    ),
    graphs=GRAPHS_OF["sofie"],
    changes=(
        "untried: its operators are those that ROOT's documentation lists, but its generator was "
        "not run on these graphs",
        "no sample.onnx: it has no operators on bits; feed from_noise.onnx",
        NO_LOOPS,
        BY_HAND + ", so are And, Or, Not, Softplus, Sinh, Asinh, Atanh and GatherElements",
    ),
    wrong_on_default="operators are missing",
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        ONNXRUNTIME, ONNXRUNTIME_2023, OPENVINO, TRACT, WEB, STATIC, HSSM, SOFIE,
    )
}  # fmt: skip
"""Every target, by name."""
