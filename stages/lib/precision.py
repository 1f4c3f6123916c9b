"""`compute.precision`: the precision in which matrix products and convolutions are computed.

Weights, features and results are float32 in files whatever computes them.
"""

import logging
from pathlib import Path

from stages.lib.framework import HAS_GPU, tf

logger = logging.getLogger(__name__)

# As Linux names them: AVX-512's, AMX's and Arm's.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


def has_bfloat16(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor, or a GPU in its place, computes in bfloat16."""
    if HAS_GPU or not processor.exists():
        return HAS_GPU
    return bool(BFLOAT16_FLAGS & set(processor.read_text().split()))


def set_precision(precision: str) -> None:
    """Make TensorFlow compute in `float32` or `bfloat16` from here on."""
    in_bfloat16 = precision == "bfloat16"
    if in_bfloat16 and not has_bfloat16():
        logger.warning(
            "This processor has no bfloat16 arithmetic: it will be imitated, more slowly "
            "than float32. Set `compute.precision: float32` in params.yaml to be faster."
        )
    optimizer = (
        "auto_mixed_precision_bfloat16"
        if HAS_GPU
        else "auto_mixed_precision_onednn_bfloat16"
    )
    tf.config.optimizer.set_experimental_options({optimizer: in_bfloat16})
