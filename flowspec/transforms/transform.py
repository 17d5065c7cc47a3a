"""The protocol of a transform.

To add one, write one file like this into a room of `flowspec/transforms/`:

    @dataclass(frozen=True, eq=False)
    class Softsign(Univariate):
        \"\"\"y = x / (1 + |x|).

        Slope: 1 / (1 + |x|)^2.
        Source: zuko.transforms.SoftclipTransform.
        \"\"\"

        domain = REAL
        examples = ("Softsign",)

        def forward(self, ops: Ops, x: Array) -> Array:
            return x / (1 + ops.abs(x))

        def inverse(self, ops: Ops, y: Array) -> Array:
            return y / (1 - ops.abs(y))

        def log_slope(self, ops: Ops, x: Array) -> Array:
            return -2 * ops.log1p(ops.abs(x))

and a test file `tests/transforms/test_softsign.py` with values known from the source. Nothing
else: the language, the checker, the schema, `flowspec list`, the torch module, the ONNX graphs
and the law tests find it. The name in the language is the class's name; the signature is its
fields, declared with `parameter(...)` and `setting(...)` (flowspec/parts/fields.py).

Formulas are plain Python over `ops` (flowspec/ops/vocabulary.py). The batch is the last axis: `x`
is `(N,)` for a scalar event and `(D, N)` for a vector. A parameter arrives as a number or as an
array that broadcasts against `x`. Say in a comment why a formula has the form it has, when the
plain one would overflow or cancel.

`examples` are calls as the language writes them, which the law tests run (inverse undoes forward,
log-slope against 50 digits, the image, float32, torch, onnxruntime). Choose them to reach every
branch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.autoregressive_inverse import Sequential
from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.domain_mistakes import NeedsVector, TiedCoordinates
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import children, substitute
from flowspec.parts.values import Value, varies
from flowspec.support.space import Image, Space
from flowspec.support.support import REAL, Interval


@dataclass(frozen=True, eq=False)
class Transform(ABC):
    """An invertible map of a whole event.

    Subclass `Univariate` for one of each number alone.
    """

    examples: ClassVar[tuple[str, ...]] = ()
    """Calls as the language writes them, for the documentation and the law tests."""

    form: ClassVar[str] = ""
    """The form of the language that makes it; "" if it is called by its name."""

    before: ClassVar[str] = "Normal(0, 1)[3]"
    """A pipeline that ends in the domain, for the law tests of `examples`."""

    takes_scalars: ClassVar[bool] = False
    """True if it takes a scalar flow as well as a vector."""

    passes_angles: ClassVar[bool] = False
    """True if behind numbers and angles it acts on the numbers only."""

    has_reach: ClassVar[bool] = False
    """True if points are moved to where its networks can follow, see `Ops.within_reach`."""

    @property
    def title(self) -> str:
        """Its name in messages."""
        return type(self).__name__

    @property
    def gains(self) -> int:
        """The number of coordinates that come out more than go in."""
        return 0

    @abstractmethod
    def domain_for(self, space: Space) -> Space:
        """The largest support it takes, of the shape nearest to that of `space`."""

    def range_for(self, space: Space) -> Space:
        """The domain of its inverse, of the shape nearest to that of `space`."""
        return self.image(self.domain_for(space)).space

    @abstractmethod
    def image(self, space: Space) -> Image:
        """The support that comes out when `space`, inside the domain, goes in."""

    @abstractmethod
    def preimage(self, space: Space) -> Image:
        """The support that goes in when `space` comes out: the image of the inverse."""

    @abstractmethod
    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        """y and log |det dy/dx|, the latter (N,) or a number that holds for every row."""

    @abstractmethod
    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        """x and log |det dy/dx| (of the forward direction) at that x."""

    def check_shape(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        """Mistakes if it cannot act on a point of this shape."""
        if space.scalar and not self.takes_scalars:
            return [NeedsVector(giver=giver)]
        return self.check_coordinates(space, giver)

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        """Mistakes in the coordinates of a vector: a wrong count, coordinates tied
        together.
        """
        return ()

    def check_image_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        """The same for its inverse, on the output side."""
        return self.check_coordinates(space, giver)

    def inner_space(self, space: Space) -> Space:
        """The support on which the transforms inside a composite one act."""
        return space

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        """The transform with its networks, which follow from the event and the context.

        A transform that has grown stays as it is.

        context_rates   of the context variables, as `angular_rates` gives them
        """
        return self

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        """Mistakes that no field's own constraint can see: an unsorted interval, a
        singular matrix.
        """
        return ()

    def check_context(self, space: Space, context_rates: Sequence[float]) -> Iterable[Diagnostic]:
        """Mistakes in fields that speak of context variables, which `grow` takes too."""
        return ()

    def measure(self, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Values of the fields that are measured from the data y (D, N) on the output
        side.

        weights   (N,), how much each row counts
        """
        return {}

    def measurements(
        self,
        y: np.ndarray,
        path: str,
        weights: np.ndarray | None = None,
        features: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """The values that `measure` finds, by the paths of the parameters.

        features   (C, N), the context of the points as networks see it
        """
        return {f"{path}.{name}": value for name, value in self.measure(y, weights).items()}

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        """For each coordinate behind it, True if it is an affine function of noise, whatever
        is trained, given which coordinates before it are.
        """
        return (False,) * (len(before) + self.gains)

    @property
    def varies(self) -> bool:
        """True if training or the context decides a parameter of it."""
        return any(varies(getattr(self, name)) for name in parameters(self)) or any(
            child.varies for _, child in children(self)
        )


@dataclass(frozen=True, eq=False)
class Univariate(Transform, Sequential):
    """A strictly monotone function of one number, applied to each coordinate."""

    domain: ClassVar[Interval] = REAL
    image_of_reals_varies: ClassVar[bool] = False
    """True if the image of all real numbers depends on parameters.

    Its inverse gives an infinity for a number that is not in it.
    """
    codomain: ClassVar[Interval] = REAL
    """The values that can come out whatever trained parameters become.

    Where nothing is trained the image is exact."""

    is_affine: ClassVar[bool] = False
    """True if it is y = shift + scale x, whatever its parameters are."""

    takes_scalars = True
    before: ClassVar[str] = "Normal([-0.5, 0, 0.5], 1)"

    @abstractmethod
    def forward(self, ops: Ops, x: Array) -> Array:
        """y, elementwise."""

    @abstractmethod
    def inverse(self, ops: Ops, y: Array) -> Array:
        """x, elementwise, for y in the image of the domain."""

    @abstractmethod
    def log_slope(self, ops: Ops, x: Array) -> Operand:
        """log |dy/dx|, elementwise."""

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        """Both at once: override where they share work."""
        return self.forward(ops, x), self.log_slope(ops, x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        """x, and the log-slope of the forward direction there.

        Override it where they share work.
        """
        x = self.inverse(ops, y)
        return x, self.log_slope(ops, x)

    def image_when_varying(self, interval: Interval) -> Interval:
        """The union of the images of `interval` over all values of the trained
        parameters.
        """
        return self.codomain

    def preimage_when_varying(self, interval: Interval) -> Interval:
        """The union of the preimages of `interval` over all values of the trained
        parameters.
        """
        return self.domain

    # --- derived --------------------------------------------------------------------------------

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        return tuple(before) if self.is_affine else (False,) * len(before)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_slope = self.forward_and_log_slope(ops, x)
        return y, over_event(ops, log_slope, x)

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_slope = self.inverse_and_log_slope(ops, y)
        return x, over_event(ops, log_slope, x)

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if space.intervals is None:
            gives = next(support for support in space.supports if support.joint)
            yield TiedCoordinates(giver=giver, gives=gives.words)

    def domain_for(self, space: Space) -> Space:
        return space.with_supports([self.domain] * space.size)

    def image(self, space: Space) -> Image:
        if self.varies:
            return self._widened(space, self.image_when_varying, not self.image_of_reals_varies)
        return Image(map_ends(bound_to_reference(self).forward, space, self.codomain))

    def preimage(self, space: Space) -> Image:
        if self.varies:
            return self._widened(space, self.preimage_when_varying, True)
        return Image(map_ends(bound_to_reference(self).inverse, space, self.domain))

    def _widened(
        self, space: Space, widen: Callable[[Interval], Interval], reals_are_exact: bool
    ) -> Image:
        widened = space.with_supports(widen(interval) for interval in space.intervals or ())
        return Image(widened, exact=space.is_real and reals_are_exact)


def over_event(ops: Ops, log_slope: Operand, x: Array) -> Operand:
    """The log-determinant of an elementwise transform: the sum of its log-slopes over the
    event.
    """
    if len(x.shape) == 1:
        return log_slope
    if len(getattr(log_slope, "shape", ())) < 2:
        # The same for every coordinate: a number, or one number for each row.
        return log_slope * x.shape[0]
    of_coordinates = cast(Array, log_slope)
    if of_coordinates.shape[0] == 1:
        return of_coordinates[0] * x.shape[0]
    return ops.sum(of_coordinates)


def for_formulas(array: Any, spec: ParameterSpec) -> Any:
    """A parameter as formulas see it: with a batch axis of one, unless it is a matrix."""
    return array[..., None] if spec.batched else array


_Component = TypeVar("_Component")


def bound_to_reference(component: _Component) -> _Component:
    """The component with its fixed parameters as float64 arrays that broadcast against
    `x`.
    """

    def bind(path: str, value: Value, spec: ParameterSpec) -> Value:
        if varies(value) or np.ndim(value) == 0:
            return value
        return for_formulas(np.asarray(value, float), spec)

    bound: _Component = substitute(component, "", bind, keep_derived=True)
    return bound


def map_ends(function: Callable[[Ops, Array], Array], space: Space, limits: Interval) -> Space:
    """The image of a box under a monotone function of each coordinate, from the ends of
    its sides.

    limits   the values at minus and plus infinity, for a function that is increasing and
             NaN there
    """
    intervals = space.intervals or ()
    ends = np.array([[i.low, i.high] for i in intervals])
    with np.errstate(all="ignore"):
        mapped = np.asarray(function(REFERENCE, ends[0] if space.scalar else ends)).reshape(
            len(intervals), 2
        )
    mapped = np.where(np.isnan(mapped), [limits.low, limits.high], mapped)
    return space.with_supports(_image(i, *row) for i, row in zip(intervals, mapped, strict=True))


def _image(interval: Interval, at_low: float, at_high: float) -> Interval:
    if at_low <= at_high:
        return Interval(float(at_low), float(at_high), interval.closed_low, interval.closed_high)
    return Interval(float(at_high), float(at_low), interval.closed_high, interval.closed_low)
