"""Profiling in TensorFlow: `tf.profiler.experimental` records TensorFlow's kernels, and the operations of XLA."""

import re
import tempfile
from collections import Counter
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from impls.profiler import Kernel

KERNEL = re.compile(r"(?!__inference)[\w/.-]+:_?[A-Z]\w+")  # "dense_1/Relu:_FusedMatMul": its name and its type
ALLOCATION = "MemoryAllocation"


def kernels(implementation, run, folder):
    """Profile `run()`. Return TensorFlow's kernels and the operations of XLA, and leave the trace in `folder`."""
    recorded = []
    for name, about, line, event in events(run, folder):
        if "hlo_op" in about:
            name = f"{about['hlo_module']} {about['hlo_op']}"
        elif not KERNEL.fullmatch(name):
            continue
        start = line.timestamp_ns + event.offset_ps / 1e3
        recorded.append(Kernel(name, start, start + event.duration_ps / 1e3))
    return recorded


def allocations(run):
    """Call `run()`. Return the bytes of all tensors and buffers that TensorFlow allocated meanwhile, by their size."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = Counter(about["requested_bytes"] for name, about, *_ in events(run, folder) if name == ALLOCATION)
    return {f"of {size:,}": count * size for size, count in sizes.items()}


def events(run, folder):
    """Profile `run()`, with the trace in `folder`. Yield name, statistics, line and event of all that was recorded."""
    with tf.profiler.experimental.Profile(folder):
        run()
    [file] = Path(folder).glob("**/*.xplane.pb")
    for plane in xplane_pb2.XSpace.FromString(file.read_bytes()).planes:
        for line in plane.lines:
            for event in line.events:
                about = {plane.stat_metadata[stat.metadata_id].name: _value(plane, stat) for stat in event.stats}
                yield plane.event_metadata[event.metadata_id].name, about, line, event


def _value(plane, stat):
    if stat.WhichOneof("value") == "ref_value":
        return plane.stat_metadata[stat.ref_value].name
    return getattr(stat, stat.WhichOneof("value"))
