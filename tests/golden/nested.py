"""Makes nested.json: outputs, loss and gradients of a network of layers in layers, as PyTorch computes them.

Made with torch 2.15.0+cu132, on the CPU, by

    python3 tests/golden/nested.py

The network: an embedding of 7 things, two nested sequences, a residual layer whose scale is learned, one with a projection and a fixed
scale, and a linear layer; the loss is the mean of the squared outputs. Every number that goes in follows from whole numbers by a formula.
"""

import json
from pathlib import Path

import torch

SHAPES = {
    "0.embedding.weight": (7, 4),
    "1.sequential.0.linear.weight": (12, 6),
    "1.sequential.0.linear.bias": (6,),
    "1.sequential.2.sequential.0.linear.weight": (6, 6),
    "1.sequential.2.sequential.0.linear.bias": (6,),
    "2.residual.0.linear.weight": (6, 6),
    "2.residual.0.linear.bias": (6,),
    "2.residual.scale": (1,),
    "3.residual.1.linear.weight": (6, 4),
    "3.residual.1.linear.bias": (4,),
    "3.residual.projection.weight": (6, 4),
    "3.residual.projection.bias": (4,),
    "5.linear.weight": (4, 2),
    "5.linear.bias": (2,),
}


def parameters(dtype):
    """The k-th of all is ((37 k + 11) mod 101) / 101 - 1/2."""
    k, found = 0, {}
    for name, shape in SHAPES.items():
        count = torch.Size(shape).numel()
        drawn = [((37 * i + 11) % 101) / 101 - 0.5 for i in range(k, k + count)]
        k += count
        found[name] = torch.tensor(drawn, dtype=torch.float64).to(dtype).reshape(shape).requires_grad_()
    return found


def numbers(tensor):
    """The numbers of a tensor; those of f32 with the nine digits that are enough for them."""
    flat = tensor.detach().reshape(-1).tolist()
    return flat if tensor.dtype == torch.float64 else [float(f"{x:.9g}") for x in flat]


def run(dtype):
    p = parameters(dtype)
    # Five rows of three indices, the last thing never among them.
    x = torch.tensor([(i * i + i // 3) % 6 for i in range(15)]).reshape(5, 3)
    linear = lambda x, name: x @ p[f"{name}.weight"] + p[f"{name}.bias"]
    y = torch.nn.functional.embedding(x, p["0.embedding.weight"]).reshape(5, 12)
    y = torch.tanh(linear(y, "1.sequential.0.linear"))
    y = torch.relu(linear(y, "1.sequential.2.sequential.0.linear"))
    y = y + p["2.residual.scale"] * torch.tanh(linear(y, "2.residual.0.linear"))
    y = linear(y, "3.residual.projection") + 0.5 * linear(torch.tanh(y), "3.residual.1.linear")
    y = linear(y, "5.linear")
    loss = (y * y).mean()
    loss.backward()
    gradients = {name: numbers(parameter.grad) for name, parameter in p.items()}
    return {"outputs": numbers(y), "loss": loss.item(), "gradients": gradients}


if __name__ == "__main__":
    runs = {key: run(dtype) for key, dtype in {"f64": torch.float64, "f32": torch.float32}.items()}
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(found, separators=(',', ':'))}" for key, found in runs.items())
    Path(__file__).with_name("nested.json").write_text(f"{{\n{lines}\n}}\n")
