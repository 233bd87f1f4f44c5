"""Environments in which modules are changed on purpose, to be slower or to compute something else.

They include the packages of the current environment.
"""

import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

from harness.regression.content import interpreter
from harness.regression.pair_run import IMAGES, STEPS

HOOK = """
import importlib.machinery, sys, time

codes = {codes!r}

class Spoiler:
    def find_spec(self, name, path=None, target=None):
        if name not in codes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def execute_and_patch(module):
            module.import_started = time.process_time()
            execute(module)
            exec(codes[name], vars(module))
        spec.loader.exec_module = execute_and_patch
        return spec

sys.meta_path.insert(0, Spoiler())
"""

SLOWER_IMPORT = """
import time
from random import uniform

def burn(clock, spent):
    until = clock() + spent * uniform({low!r}, {high!r})
    while clock() < until:
        pass

burn(time.thread_time, time.process_time() - import_started)
"""

SLOWER = """
import functools

def slower_step(method):
    @functools.wraps(method)
    def longer(self, batch):
        start = time.perf_counter()
        result = method(self, batch)
        self.synchronize(result)
        burn(time.perf_counter, time.perf_counter() - start)
        return result
    return longer

def slower_fit(method):
    @functools.wraps(method)
    def longer(self, images, labels, epochs, on_epoch=None):
        start = time.process_time()
        def after_epoch(epoch, loss):
            nonlocal start
            burn(time.thread_time, time.process_time() - start)  # without the CPU time of other processes
            if on_epoch:
                on_epoch(epoch, loss)
            start = time.process_time()
        return method(self, images, labels, epochs, after_epoch)
    return longer

Adapter.train_step = slower_step(Adapter.train_step)
Adapter.predict_step = slower_step(Adapter.predict_step)
Adapter.fit = slower_fit(Adapter.fit)
"""

SLOWED = (*STEPS, "first-fit", f"fit-{IMAGES}", "import")  # and nothing else


def environment(folder: Path, codes: Mapping[str, str]) -> str:
    """Return the interpreter of a new environment in `folder`. `codes`: module -> code that runs after its import."""
    venv.create(folder, symlinks=True)
    places = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", places))
    (packages / "slowdown_injection.py").write_text(HOOK.format(codes=dict(codes)), encoding="utf-8")
    (packages / "slowdown_injection.pth").write_text(
        f"{sysconfig.get_path('purelib')}\nimport slowdown_injection\n", encoding="utf-8"
    )
    return str(interpreter(folder))


def slower(folder: Path, implementation: str, times: float, at_most: float | None = None) -> str:
    """Return the interpreter of one in which `SLOWED` takes `times` as long, with the processor busy.

    With `at_most`, each call draws how much longer it takes, between the two.
    """
    return environment(folder, slowing(implementation, times, at_most))


def slowing(implementation: str, times: float, at_most: float | None = None) -> dict[str, str]:
    """Return module -> code that makes `SLOWED` take `times` as long, or between that and `at_most`."""
    slower_import = SLOWER_IMPORT.format(low=times - 1, high=(at_most or times) - 1)
    return {"numpy": slower_import, f"impls.{implementation}.adapter": slower_import + SLOWER}
