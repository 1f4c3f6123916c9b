"""`compute.precision`: the precision in which matrix products and convolutions are computed.

Weights, features and results are float32 in files whatever computes them.
"""

import logging
from pathlib import Path

from fer_transfer.networks.runtime import GPUS, keras, tf

logger = logging.getLogger(__name__)

# As Linux names AVX-512's and AMX's. Without either, OpenVINO and TensorFlow, set to
# bfloat16, compute in float32 and say nothing.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
# NVIDIA's Ampere, the first with bfloat16.
BFLOAT16_CAPABILITY = (8, 0)


def has_bfloat16(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor, or the GPU in its place, computes in bfloat16."""
    if GPUS:
        details = tf.config.experimental.get_device_details(GPUS[0])
        return bool(details.get("compute_capability", (0, 0)) >= BFLOAT16_CAPABILITY)
    if not processor.exists():
        return False
    return bool(BFLOAT16_FLAGS & set(processor.read_text(encoding="utf-8").split()))


def device() -> dict[str, str]:
    """Name the GPU that computes, as metrics do; nothing where it is the processor."""
    if not GPUS:
        return {}
    details = tf.config.experimental.get_device_details(GPUS[0])
    return {"device": details.get("device_name", "GPU")}


def resolve_precision(precision: str) -> str:
    """Return the precision in which this machine computes when set to `precision`."""
    if precision == "bfloat16" and not has_bfloat16():
        logger.warning(
            "`compute.precision` in params.yaml is bfloat16, which this machine has no "
            "arithmetic for (AVX-512 BF16, AMX or a GPU of NVIDIA's Ampere or later): it "
            "computes in float32, which takes up to twice the time. Set float32 to say so, or "
            "use such a processor."
        )
        return "float32"
    return precision


def set_precision(precision: str) -> None:
    """Make TensorFlow compute in `float32` or `bfloat16` from here on.

    On a GPU that is Keras's mixed policy, which counts for networks that are built afterwards,
    and float32 is float32: not TF32, of 10 bits, which TensorFlow takes for it by default.
    """
    is_bfloat16 = precision == "bfloat16"
    if GPUS:
        tf.config.experimental.enable_tensor_float_32_execution(False)
        policy = "mixed_bfloat16" if is_bfloat16 else "float32"
        keras.mixed_precision.set_global_policy(policy)
    option = "auto_mixed_precision_onednn_bfloat16"
    tf.config.optimizer.set_experimental_options({option: is_bfloat16})
