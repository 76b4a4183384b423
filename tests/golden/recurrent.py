"""Makes the golden values of the recurrent layers: outputs and every gradient as PyTorch computes them.

Made with torch 2.15.0+cu132, on the CPU, by

    python3 tests/golden/recurrent.py

which writes recurrent.json beside itself. The k-th parameter, in the crate's order, is ((37 k + 11) mod 101) / 101 - 1/2, the k-th
input ((53 k + 7) mod 97) / 97 * 4 - 2, and the k-th derivative by an output ((29 k + 5) mod 83) / 83 - 1/2: both sides compute them.
"""

import json
from pathlib import Path

import torch
from torch import nn

ROWS, STEPS, WIDTH, HIDDEN = 3, 7, 4, 5


def drawn(shape, a, b, m, scale, start):
    count = torch.Size(shape).numel()
    numbers = [((a * k + b) % m) / m * scale + start for k in range(count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def columns(weight, order):
    """PyTorch's gates x inputs as the crate's inputs x gates, the gates in that order (each of HIDDEN units)."""
    return torch.cat([weight[gate * HIDDEN : (gate + 1) * HIDDEN] for gate in order]).T


def rows(weight, order):
    """The crate's inputs x gates as PyTorch's: the gate `order[i]` of PyTorch is the crate's i-th."""
    gates = [None] * len(order)
    for own, theirs in enumerate(order):
        gates[theirs] = weight.T[own * HIDDEN : (own + 1) * HIDDEN]
    return torch.cat(gates)


def run(name, module, order):
    gates = len(order) * HIDDEN
    split = name == "gru"
    shapes = [(WIDTH, gates), (HIDDEN, gates), (1, gates)] + ([(1, HIDDEN)] if split else [])
    flat = drawn((sum(torch.Size(s).numel() for s in shapes),), 37, 11, 101, 1, -0.5)
    parts = [p.reshape(s) for p, s in zip(flat.split([torch.Size(s).numel() for s in shapes]), shapes)]
    module = module.double()
    with torch.no_grad():
        module.weight_ih_l0.copy_(rows(parts[0], order))
        module.weight_hh_l0.copy_(rows(parts[1], order))
        module.bias_ih_l0.copy_(rows(parts[2], order).squeeze(1))
        # The other gates add both biases; only the candidate of a GRU does not.
        module.bias_hh_l0.zero_()
        if split:
            module.bias_hh_l0[2 * HIDDEN :] = parts[3][0]
    x = drawn((ROWS, STEPS, WIDTH), 53, 7, 97, 4, -2).requires_grad_()
    y, _ = module(x)
    (y * drawn(y.shape, 29, 5, 83, 1, -0.5)).sum().backward()
    numbers = lambda tensor: tensor.detach().reshape(-1).tolist()
    gradients = [
        columns(module.weight_ih_l0.grad, order),
        columns(module.weight_hh_l0.grad, order),
        columns(module.bias_ih_l0.grad.unsqueeze(1), order),
    ] + ([module.bias_hh_l0.grad[2 * HIDDEN :]] if split else [])
    return {"name": name, "outputs": numbers(y), "dx": numbers(x.grad), "gradients": [numbers(g) for g in gradients]}


if __name__ == "__main__":
    torch.manual_seed(0)
    options = {"input_size": WIDTH, "hidden_size": HIDDEN, "batch_first": True}
    runs = [
        run("tanh", nn.RNN(nonlinearity="tanh", **options), [0]),
        run("relu", nn.RNN(nonlinearity="relu", **options), [0]),
        # PyTorch has i, f, g, o; the crate i, f, o, g.
        run("lstm", nn.LSTM(**options), [0, 1, 3, 2]),
        # The same variant of the reset gate, after the product, in the same order: r, z, n.
        run("gru", nn.GRU(**options), [0, 1, 2]),
    ]
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs)
    (Path(__file__).parent / "recurrent.json").write_text(f"[\n{lines}\n]\n")
