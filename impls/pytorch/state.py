"""The state of a training in PyTorch, read and replaced: `model`, `optimizer`, and the generator `random`."""

import torch

from impls import adapter
from impls.pytorch import adamw


class State(adapter.Adapter):
    """The methods of an adapter that read and replace the state of the training."""

    def parameters(self):
        return list(self.model.parameters())

    def statistics(self):
        """Return the running means and variances; other buffers are no state of a training."""
        return [buffer for name, buffer in self.model.named_buffers() if name.endswith(("running_mean", "running_var"))]

    def moments(self):
        """Return zeros before the first step, as PyTorch makes its state then."""
        states = [(self.optimizer.state[parameter], torch.zeros_like(parameter)) for parameter in self.parameters()]
        return tuple([state.get(key, zeros) for state, zeros in states] for key in ("exp_avg", "exp_avg_sq"))

    def steps(self):
        return adamw.steps_taken(self.optimizer)

    def shuffling(self):
        return self.random.get_rng_state().numpy()

    def assign(self, arrays):
        with torch.no_grad():
            for parameter, array in zip(self.model.parameters(), arrays, strict=True):
                parameter.copy_(torch.tensor(array))

    def assign_statistics(self, arrays):
        for buffer, array in zip(self.statistics(), arrays, strict=True):
            buffer.copy_(torch.tensor(array))

    def assign_optimizer(self, m, v, steps):
        self.optimizer.state.clear()
        if not steps:
            return  # PyTorch makes its state in the first step
        for parameter, *moments in zip(self.model.parameters(), m, v, strict=True):
            step = torch.tensor(float(steps), device=parameter.device)
            # The fused kernel reads m and v in the memory order of the parameter.
            first, second = (torch.zeros_like(parameter).copy_(torch.tensor(each)) for each in moments)
            self.optimizer.state[parameter] = {"step": step, "exp_avg": first, "exp_avg_sq": second}

    def assign_shuffling(self, state):
        self.random.set_rng_state(torch.tensor(state))
