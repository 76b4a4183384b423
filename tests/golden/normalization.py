"""Makes the golden values of norms and attention, as PyTorch computes them.

Made with torch 2.15.0+cu132, on the CPU, by

    python3 tests/golden/normalization.py

which writes normalization.json beside itself. Inputs, parameters and what comes from behind follow from whole numbers by
formulas that both sides compute exactly, also in f32.
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)


def inputs(count, batch=0):
    return torch.tensor([((53 * i + 7 + 5 * batch) % 97 - 48) / 16 for i in range(count)])


def behind(count):
    return torch.tensor([((29 * i + 5) % 83 - 41) / 16 for i in range(count)])


def parameters(count):
    return torch.tensor([((37 * k + 11) % 101 - 40) / 64 for k in range(count)])


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


def fill(layer, *names):
    """Sets parameters, one after the other in the order of the names."""
    at = 0
    for name in names:
        parameter = layer.get_parameter(name)
        parameter.data = parameters(at + parameter.numel())[at:].reshape(parameter.shape)
        at += parameter.numel()


def grads(layer, *names):
    return [x for name in names for x in numbers(layer.get_parameter(name).grad)]


def batch_norm(name, rows, positions, channels, affine):
    """Two batches of training, and then the first once more as in use."""
    layer = torch.nn.BatchNorm1d(channels, affine=affine, eps=1e-3 if affine else 1e-5, momentum=0.25 if affine else 0.1)
    names = ["weight", "bias"] if affine else []
    fill(layer, *names)
    run = {"name": name, "rows": rows, "positions": positions, "channels": channels, "steps": []}

    def forward(batch):
        x = inputs(rows * positions * channels, batch).requires_grad_()
        y = layer(x.reshape(rows, positions, channels).transpose(1, 2)).transpose(1, 2)
        return x, y

    for batch in range(2):
        layer.zero_grad()
        x, y = forward(batch)
        (y.reshape(-1) * behind(x.numel())).sum().backward()
        state = numbers(layer.running_mean) + numbers(layer.running_var)
        step = {"y": numbers(y), "dx": numbers(x.grad), "gradients": grads(layer, *names), "state": state}
        run["steps"].append(step)
    layer.eval()
    run["in_use"] = numbers(forward(0)[1])
    return run


def row_norm(name, layer, rows, groups, width, names):
    fill(layer, *names)
    x = inputs(rows * groups * width).requires_grad_()
    y = layer(x.reshape(rows, groups, width))
    (y.reshape(-1) * behind(x.numel())).sum().backward()
    of = {"y": numbers(y), "dx": numbers(x.grad), "gradients": grads(layer, *names)}
    return {"name": name, "rows": rows, "groups": groups, "width": width, **of}


def attention(name, rows, steps, width, heads, causal=False, lengths=None, bias=True):
    layer = torch.nn.MultiheadAttention(width, heads, bias=bias, batch_first=True)
    # Inputs x units, as in the crate.
    at, tensors = 0, {}
    shapes = {"in_proj_weight": (width, 3 * width), "in_proj_bias": (3 * width,)}
    shapes |= {"out_proj.weight": (width, width), "out_proj.bias": (width,)}
    for key, shape in shapes.items():
        if len(shape) == 1 and not bias:
            continue
        count = torch.Size(shape).numel()
        tensors[key] = layer.get_parameter(key)
        drawn = parameters(at + count)[at:].reshape(shape)
        tensors[key].data = drawn.T.contiguous() if len(shape) == 2 else drawn
        at += count
    x = inputs(rows * steps * width).requires_grad_()
    there = [steps] * rows if lengths is None else lengths
    padding = torch.tensor([[step >= length for step in range(steps)] for length in there])
    later = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1) if causal else None
    tokens = x.reshape(rows, steps, width)
    y, _ = layer(tokens, tokens, tokens, key_padding_mask=padding, attn_mask=later, need_weights=False)
    # What is only padding has an output of 0.
    y = torch.where(padding[:, :, None], 0.0, y)
    (y.reshape(-1) * behind(x.numel())).sum().backward()
    gradients = [n for t in tensors.values() for n in numbers(t.grad.T if t.dim() == 2 else t.grad)]
    of = {"y": numbers(y), "dx": numbers(x.grad), "gradients": gradients}
    sizes = {"rows": rows, "steps": steps, "width": width, "heads": heads, "causal": causal, "bias": bias}
    return {"name": name, **sizes, "lengths": lengths or [], **of}


def runs():
    nn, affine = torch.nn, ["weight", "bias"]
    return [
        batch_norm("batch_norm", 5, 1, 3, True),
        batch_norm("batch_norm", 4, 1, 19, True),
        batch_norm("batch_norm", 2, 4, 5, True),
        batch_norm("batch_norm", 7, 1, 2, False),
        row_norm("layer_norm", nn.LayerNorm(7), 2, 2, 7, affine),
        row_norm("layer_norm", nn.LayerNorm(19, eps=0.01), 3, 1, 19, affine),
        row_norm("layer_norm without_bias", nn.LayerNorm(5, bias=False), 2, 3, 5, ["weight"]),
        row_norm("layer_norm without_affine", nn.LayerNorm(6, elementwise_affine=False), 2, 2, 6, []),
        row_norm("rms_norm", nn.RMSNorm(7, eps=1e-6), 2, 2, 7, ["weight"]),
        row_norm("rms_norm", nn.RMSNorm(19, eps=0.01), 3, 1, 19, ["weight"]),
        row_norm("rms_norm without_gain", nn.RMSNorm(6, eps=1e-6, elementwise_affine=False), 2, 2, 6, []),
        attention("attention", 2, 3, 4, 2),
        attention("attention", 1, 5, 6, 1, bias=False),
        attention("attention", 2, 4, 6, 3, causal=True),
        attention("attention", 3, 4, 4, 2, lengths=[4, 1, 3]),
        attention("attention", 3, 4, 4, 2, causal=True, lengths=[2, 4, 3]),
    ]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs())
    (Path(__file__).parent / "normalization.json").write_text(f"[\n{lines}\n]\n")
