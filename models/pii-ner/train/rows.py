"""What makes a training step cheaper: only the word vectors that a batch has are moved."""

import torch


class Rows:
    """AdamW over the rows of a table that a batch touches. The others neither move nor lose momentum."""

    def __init__(self, table: torch.Tensor, betas=(0.9, 0.98), epsilon=1e-8):
        self.table, self.betas, self.epsilon = table, betas, epsilon
        self.first, self.second = torch.zeros_like(table), torch.zeros_like(table)
        self.count = torch.zeros(table.shape[0], 1)

    def step(self, places, grads, lr: float):
        a, b = self.betas
        count = self.count[places] + 1
        first = self.first[places].mul_(a).add_(grads, alpha=1 - a)
        second = self.second[places].mul_(b).addcmul_(grads, grads, value=1 - b)
        self.count[places], self.first[places], self.second[places] = count, first, second
        first, second = first / (1 - a**count), second / (1 - b**count)
        self.table.index_add_(0, places, -lr * first / (second.sqrt() + self.epsilon))

    def state_dict(self):
        return {"first": self.first, "second": self.second, "count": self.count}

    def load_state_dict(self, state):
        for name, value in state.items():
            setattr(self, name, value)
