"""The protocol of a base distribution.

To add one, write one file like `laplace.py` into `flowspec/bases/`.

A base turns standard noise into a point and gives the log-density of a point. Like a
transform it is a frozen dataclass whose fields are its signature and whose formulas are
plain Python over `ops`, with the batch as the last axis. `examples` are calls as the
language writes them; the law tests run them. Noise is drawn by the caller: rows of
uniforms in (0, 1) or standard normals, `(K, N)`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, cast

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, parameters
from flowspec.parts.trees import children
from flowspec.parts.values import Value, shape_of, varies
from flowspec.parts.writing import component as component_text
from flowspec.support.membership import move_to_safety, outside_of
from flowspec.support.space import Space
from flowspec.support.support import POSITIVE, REAL, Interval
from flowspec.transforms.transform import over_event

Noise = Literal["normal", "uniform"]


def repeated(kind: Noise, count: int) -> tuple[Noise, ...]:
    """Several draws of one kind."""
    return (kind,) * count


@dataclass(frozen=True, eq=False)
class Base(ABC):
    """A distribution over a whole event.

    Subclass `Coordinatewise` for independent coordinates.
    """

    examples: ClassVar[tuple[str, ...]] = ()
    is_gaussian: ClassVar[bool] = False
    """True if every coordinate is normally distributed, whatever the parameters are."""
    form: ClassVar[str] = ""
    """The form of the language that makes it; "" if it is called by its name."""
    reparametrized: ClassVar[bool] = True
    """True if a sample has gradients with respect to the parameters."""

    @property
    def title(self) -> str:
        """Its name in messages."""
        return type(self).__name__

    @property
    @abstractmethod
    def space(self) -> Space:
        """The support; for a varying parameter, everything its range allows.

        Write it as a `cached_property`: bound copies, whose parameters are an
        interpreter's arrays, keep it.
        """

    @property
    @abstractmethod
    def noise(self) -> tuple[Noise, ...]:
        """The kind of each row of noise that `sample` takes."""

    @abstractmethod
    def sample(self, ops: Ops, noise: Array) -> Array:
        """noise (K, N) -> a point (D, N) or (N,)."""

    @abstractmethod
    def log_prob(self, ops: Ops, x: Array) -> Array:
        """Log-density (N,) of points of the support."""

    @property
    def latent(self) -> tuple[str, ...]:
        """The distribution of each coordinate of `to_latent`: a kind of standard draw, or the
        base as the language writes it.
        """
        return (component_text(self),) * self.space.size

    def to_latent(self, ops: Ops, x: Array) -> Array:
        """The standard noise of a point where that can be undone, else the point itself."""
        return x

    def log_prob_anywhere(self, ops: Ops, x: Array) -> Array:
        """Log-density (N,) of any points: -inf outside the support."""
        outside = outside_of(ops, self.space, x)
        log_prob, beyond = self.log_prob_and_outside(
            ops, move_to_safety(ops, self.space, x, outside)
        )
        outside = outside if beyond is None else outside | beyond
        return ops.where(outside, -math.inf, log_prob)

    def log_prob_and_outside(self, ops: Ops, x: Array) -> tuple[Array, Array | None]:
        """Log-density (N,) of points of `space`, any number for those that are found to lie
        outside, and these, if the support has to be asked.
        """
        outside = self.outside(ops, x) if self.support_varies else None
        return self.log_prob(ops, move_to_safety(ops, self.space, x, outside)), outside

    def outside(self, ops: Ops, x: Array) -> Array | None:
        """Rows (N,) outside a support that depends on parameters; None if it does not."""
        return None

    @cached_property
    def support_varies(self) -> bool:
        """True if the support depends on a varying parameter, so that `outside` has to be
        asked.
        """
        return any(child.support_varies for child in inner_bases(self))

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one point, as far as the fields tell before they are checked."""
        return self.space.shape

    def shared_out(self, x: Any) -> Iterator[tuple[str, Base, Any]]:
        """The bases in its fields, by path, each with its coordinates of points (D, N) or (N,)."""
        yield from ((name, child, x) for name, child in children(self) if isinstance(child, Base))

    def check_consistency(self) -> Iterable[Diagnostic]:
        """Mistakes in the fields that their own constraints cannot see."""
        return ()

    def grow(self, context_rates: Sequence[float]) -> Base:
        """The base with its network, which follows from its fields and the context.

        A base that has grown stays as it is.

        context_rates   of the context variables, as `angular_rates` gives them
        """
        return self

    @property
    def varies(self) -> bool:
        """True if training or the context decides a parameter of it."""
        return any(varies(getattr(self, name)) for name in parameters(self)) or any(
            child.varies for _, child in children(self)
        )


def inner_bases(base: Base) -> list[Base]:
    """The bases in the fields of a base."""
    return [child for _, child in children(base) if isinstance(child, Base)]


def every_base(base: Base) -> Iterator[Base]:
    """A base and those inside it."""
    yield base
    for child in inner_bases(base):
        yield from every_base(child)


@dataclass(frozen=True, eq=False)
class Coordinatewise(Base):
    """Independent coordinates of one family: formulas for a single number, applied to
    each.

    size   the number of coordinates; None for a scalar. `Normal(0, 1)[5]` and vector
           parameters set it.
    """

    size: int | None = field(default=None, kw_only=True)

    support: ClassVar[Interval] = REAL
    draws: ClassVar[tuple[Noise, ...]] = ("uniform",)
    """Standard draws per coordinate."""

    @abstractmethod
    def log_density(self, ops: Ops, x: Array) -> Array:
        """Log-density of each coordinate."""

    @abstractmethod
    def draw(self, ops: Ops, noise: Array) -> Array:
        """A value of each coordinate from its standard draws (K, ...): row k is of the
        kind `draws[k]`.
        """

    @property
    def event_shape(self) -> tuple[int, ...]:
        size = max(self.lengths().values(), default=None) if self.size is None else self.size
        return () if size is None else (size,)

    def lengths(self) -> dict[str, int]:
        """The length of each vector parameter."""
        shapes = {name: shape_of(getattr(self, name)) for name in parameters(self)}
        return {name: shape[-1] for name, shape in shapes.items() if shape}

    @cached_property
    def space(self) -> Space:
        return Space.of(self.support, self.size)

    @property
    def noise(self) -> tuple[Noise, ...]:
        return tuple(kind for kind in self.draws for _ in range(self.size or 1))

    def sample(self, ops: Ops, noise: Array) -> Array:
        if self.size is None:
            return self.draw(ops, noise)
        if len(self.draws) == 1:
            # As good as (1, ...), and a reshaping less.
            return self.draw(ops, cast(Array, (noise,)))
        return self.draw(ops, ops.unflatten(noise, (len(self.draws), self.size)))

    def log_prob(self, ops: Ops, x: Array) -> Array:
        return cast(Array, over_event(ops, self.log_density(ops, x), x))


@dataclass(frozen=True, eq=False)
class BoundedBase(Coordinatewise):
    """A family between two ends, to which a density refers by its distances from them."""

    @abstractmethod
    def log_density_from_ends(self, ops: Ops, above: Array, below: Array) -> Array:
        """Log-density of each coordinate.

        above   the distance from the lower end, as a share of the width, with all digits
        below   the distance from the upper end, the same; above + below = 1
        """


@dataclass(frozen=True, eq=False)
class WithQuantile(Coordinatewise):
    """A family whose distribution function and its inverse have a closed form;
    `Truncated` takes these.

    Upper tails have functions of their own: 1 - cdf(x) is 0 where survival(x) is 1e-20.
    """

    @abstractmethod
    def cdf(self, ops: Ops, x: Array) -> Array:
        """P(X <= x)."""

    @abstractmethod
    def survival(self, ops: Ops, x: Array) -> Array:
        """P(X > x)."""

    @abstractmethod
    def quantile(self, ops: Ops, p: Array) -> Array:
        """The x with cdf(x) = p, for 0 < p < 1."""

    @abstractmethod
    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        """The x with survival(x) = q, for 0 < q < 1."""

    def draw(self, ops: Ops, noise: Array) -> Array:
        return self.quantile(ops, noise[0])

    @property
    def latent(self) -> tuple[str, ...]:
        return self.noise

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return self.cdf(ops, x)


@dataclass(frozen=True, eq=False)
class LocationScale(WithQuantile):
    """x = loc + scale z, with z of a standard law: subclasses give the formulas of z
    alone.
    """

    loc: Value = parameter(0.0, doc="location")
    scale: Value = parameter(1.0, within=POSITIVE, doc="scale")

    @abstractmethod
    def standard_log_density(self, ops: Ops, z: Array) -> Array: ...
    @abstractmethod
    def standard_cdf(self, ops: Ops, z: Array) -> Array: ...
    @abstractmethod
    def standard_quantile(self, ops: Ops, p: Array) -> Array: ...

    def standard_survival(self, ops: Ops, z: Array) -> Array:
        """By symmetry; a skew law overrides it."""
        return self.standard_cdf(ops, -z)

    def standard_upper_quantile(self, ops: Ops, q: Array) -> Array:
        """By symmetry; a skew law overrides it."""
        return -self.standard_quantile(ops, q)

    def standardized(self, x: Array) -> Array:
        return (x - self.loc) / self.scale

    def located(self, z: Array) -> Array:
        return z * self.scale + self.loc

    def log_density(self, ops: Ops, x: Array) -> Array:
        return self.standard_log_density(ops, self.standardized(x)) - ops.log(self.scale)

    def cdf(self, ops: Ops, x: Array) -> Array:
        return self.standard_cdf(ops, self.standardized(x))

    def survival(self, ops: Ops, x: Array) -> Array:
        return self.standard_survival(ops, self.standardized(x))

    def quantile(self, ops: Ops, p: Array) -> Array:
        return self.located(self.standard_quantile(ops, p))

    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        return self.located(self.standard_upper_quantile(ops, q))
