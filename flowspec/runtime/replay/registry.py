"""Every engine there is an adapter for, found by looking into `runtime/engines/`."""

from __future__ import annotations

import importlib
import pkgutil

from flowspec.runtime import engines
from flowspec.runtime.replay.engine import Engine


def engine_names() -> list[str]:
    """The names of all engines, as the command line takes them."""
    return sorted(
        module.name.replace("_", "-") for module in pkgutil.iter_modules(engines.__path__)
    )


def engine_named(name: str) -> Engine:
    """The engine of a name of `engine_names`."""
    module = importlib.import_module(f"{engines.__name__}.{name.replace('-', '_')}")
    engine: Engine = module.ENGINE
    return engine
