"""Settings of onnxruntime: how a session is opened, and on what it runs."""

from __future__ import annotations

import onnxruntime

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


@mistake
class ProviderMissing(Diagnostic):
    message = "onnxruntime has no provider `{name}` here"
    help = "{advice}"
    name: str
    advice: str


def session_options(threads: int | None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is told in our words
    if threads is not None:
        options.intra_op_num_threads = threads
    return options


def provider_named(name: str) -> str:
    """The name by which onnxruntime calls a provider.

    Errors:  FlowError, where it has none of that name.
    """
    wanted, available = PROVIDERS.get(name, name), onnxruntime.get_available_providers()
    if wanted in available:
        return wanted
    known = {full: short for short, full in PROVIDERS.items()}
    there = ", ".join(f"`{known.get(full, full)}`" for full in available)
    advice = f"there are {there}" + ("; for CUDA install onnxruntime-gpu" if name == "cuda" else "")
    raise FlowError(ProviderMissing(name=name, advice=advice))
