"""The small package behind every notebook: runs, data, plots and yardsticks.

What a lesson teaches is written out in the lesson. Here stands only what would distract from it,
and each docstring names the lesson in which the thing is taught.
"""
import os as _os

# TensorFlow's start-up messages frighten beginners and say nothing; they must be silenced before its import.
_os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from helpers import datasets, metrics, plots  # noqa: E402
from helpers.run import Run, start  # noqa: E402

__version__ = "1.0.0"
__all__ = ["Run", "datasets", "metrics", "plots", "start"]
