"""`compute.precision`: the precision in which matrix products and convolutions are computed.

Weights, features and results are float32 in files whatever computes them.
"""

import logging
from pathlib import Path

from stages.lib.networks.runtime import HAS_GPU, tf

logger = logging.getLogger(__name__)

# As Linux names AVX-512's and AMX's. Where neither is, OpenVINO and TensorFlow are asked for
# bfloat16 in vain: both compute in float32 and say nothing.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def has_bfloat16(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor, with no GPU in its place, computes in bfloat16."""
    if HAS_GPU or not processor.exists():
        return False
    return bool(BFLOAT16_FLAGS & set(processor.read_text().split()))


def resolve_precision(precision: str) -> str:
    """Return the precision that this machine computes in when it is asked for `precision`."""
    if precision == "bfloat16" and not has_bfloat16():
        logger.warning(
            "`compute.precision` in params.yaml is bfloat16, which this machine has no "
            "arithmetic for (AVX-512 BF16 or AMX): it computes in float32, which takes "
            "up to twice the time. Set float32 to say so, or use such a processor."
        )
        return "float32"
    return precision


def set_precision(precision: str) -> None:
    """Make TensorFlow compute in `float32` or `bfloat16` from here on."""
    option = "auto_mixed_precision_onednn_bfloat16"
    tf.config.optimizer.set_experimental_options({option: precision == "bfloat16"})
