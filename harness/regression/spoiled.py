"""An environment in which a module is changed on purpose, to be slower or to compute something else.

It stands on the current environment: what is installed here is installed there.
"""

import sysconfig
import venv
from pathlib import Path

from harness.regression.environments import interpreter

HOOK = """
import importlib.machinery, sys

class Spoiler:
    def find_spec(self, name, path=None, target=None):
        if name != {module!r}:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def execute_and_spoil(module):
            execute(module)
            exec({code!r}, vars(module))
        spec.loader.exec_module = execute_and_spoil
        return spec

sys.meta_path.insert(0, Spoiler())
"""

SLOWER = """
import functools, time

def slower(method):
    @functools.wraps(method)
    def longer(self, batch):
        self.synchronize()
        start = time.perf_counter()
        result = method(self, batch)
        self.synchronize()
        until = start + (time.perf_counter() - start) * {times!r}
        while time.perf_counter() < until:
            pass
        return result
    return longer

Classifier.train_step = slower(Classifier.train_step)
Classifier.predict_step = slower(Classifier.predict_step)
"""


def environment(folder: Path, module: str, code: str) -> str:
    """The interpreter of a new environment in `folder`; `code` runs in the namespace of `module` after its import."""
    venv.create(folder, symlinks=True)
    places = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", places))
    (packages / "spoiled_here.py").write_text(HOOK.format(module=module, code=code))
    (packages / "spoiled_here.pth").write_text(f"{sysconfig.get_path('purelib')}\nimport spoiled_here\n")
    return str(interpreter(folder))


def slower(folder: Path, implementation: str, times: float) -> str:
    """One whose training and prediction steps take `times` as long: the rest is burned by the processor, not slept."""
    return environment(folder, f"impls.{implementation}", SLOWER.format(times=times))
