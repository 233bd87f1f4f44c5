"""Profiling in TensorFlow: `tf.profiler.experimental` records TensorFlow's kernels, and the operations of XLA."""

import re
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from impls.profiler import Kernel

KERNEL = re.compile(r"(?!__inference)[\w/.-]+:_?[A-Z]\w+")  # "dense_1/Relu:_FusedMatMul": its name and its type


def kernels(implementation, run, folder):
    """Profile `run()`. Return TensorFlow's kernels and the operations of XLA, and leave the trace in `folder`."""
    with tf.profiler.experimental.Profile(folder):
        run()
    [file] = Path(folder).glob("**/*.xplane.pb")
    trace = xplane_pb2.XSpace.FromString(file.read_bytes())
    recorded = []
    for plane in trace.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                about = {plane.stat_metadata[stat.metadata_id].name: stat for stat in event.stats}
                if "hlo_op" in about:
                    name = " ".join(_text(plane, about[key]) for key in ("hlo_module", "hlo_op"))
                elif not KERNEL.fullmatch(name):
                    continue
                start = line.timestamp_ns + event.offset_ps / 1e3
                recorded.append(Kernel(name, start, start + event.duration_ps / 1e3))
    return recorded


def _text(plane, stat):
    return stat.str_value or plane.stat_metadata[stat.ref_value].name
