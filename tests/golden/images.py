"""Makes the golden values of the layers for images: shapes, outputs and every gradient as PyTorch computes them.

Made with torch 2.15.0+cu132, on the CPU, by

    python3 tests/golden/images.py

which writes shapes.json and images.json beside itself. Inputs and weights follow from whole numbers by a formula whose values f32
holds exactly. PyTorch keeps images as channels x height x width and kernels as units x channels x rows x columns; both are turned here
into the crate's orders, height x width x channels and (rows x columns x channels) x units.
"""

import json
import random
from pathlib import Path

import torch
from torch.nn import functional as F

HERE = Path(__file__).parent


def write(name, runs):
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def drawn(shape, factor, shift, modulus):
    """The k-th number is ((factor k + shift) mod modulus - modulus // 2) / 64."""
    count = torch.Size(shape).numel()
    numbers = [((factor * k + shift) % modulus - modulus // 2) / 64 for k in range(count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


# Shapes: [height, width, kernel, stride, padding, dilation, output height, output width]; 0 x 0 where PyTorch refuses.


def shapes():
    chance, runs = random.Random(5), []
    while len(runs) < 320:
        size = [chance.randint(1, 14), chance.randint(1, 14)]
        kernel, stride, padding, dilation = (
            [chance.randint(low, high), chance.randint(low, high)] for low, high in [(1, 5), (1, 4), (0, 3), (1, 3)]
        )
        kind = ["conv", "same", "max", "average"][len(runs) % 4]
        x = torch.zeros(1, 1, *size, dtype=torch.float64)
        try:
            if kind in ["conv", "same"]:
                # PyTorch pads to the same size for a stride of 1 alone.
                stride = [1, 1] if kind == "same" else stride
                padding = "same" if kind == "same" else padding
                y = F.conv2d(x, torch.zeros(1, 1, *kernel, dtype=x.dtype), None, stride, padding, dilation)
            else:
                dilation = [1, 1]
                pool = F.max_pool2d if kind == "max" else F.avg_pool2d
                y = pool(x, kernel, stride, padding)
            out = list(y.shape[2:])
        except RuntimeError:
            out = [0, 0]
        padding = [0, 0] if kind == "same" else padding
        runs.append([kind, *size, *kernel, *stride, *padding, *dilation, *out])
    return runs


# Values: the output, and the gradients of sum(y * r), by the images, the weights and the biases.


def run(name, shape, images, layer, settings, units=0, seen=0, kernel=(1, 1)):
    height, width, channels = shape
    rows = drawn((images, height, width, channels), 37, 11, 101).requires_grad_()
    x = rows.permute(0, 3, 1, 2).contiguous()
    weight = drawn((kernel[0] * kernel[1] * seen, units), 53, 7, 97).requires_grad_() if units else None
    bias = drawn((units,), 31, 3, 71).requires_grad_() if units else None
    if units:
        w = weight.reshape(kernel[0], kernel[1], seen, units).permute(3, 2, 0, 1).contiguous()
        y = layer(x, w, bias)
    else:
        y = layer(x)
    y = y.permute(0, 2, 3, 1).contiguous()
    (y * drawn(y.shape, 29, 5, 83)).sum().backward()
    out = {"name": name, "shape": shape, "images": images, **settings, "y": flat(y), "dx": flat(rows.grad)}
    if units:
        out |= {"dw": flat(weight.grad), "db": flat(bias.grad)}
    return out


def values():
    runs = []
    # shape, images, units, kernel, stride, padding, dilation, groups
    convolutions = [
        ((5, 5, 1), 2, 3, (3, 3), (1, 1), (0, 0), (1, 1), 1),
        ((4, 6, 2), 2, 5, (3, 2), (2, 1), (1, 1), (1, 1), 1),
        ((5, 4, 9), 1, 4, (3, 3), (1, 1), (1, 1), (1, 1), 1),
        ((6, 7, 3), 1, 2, (2, 3), (1, 2), (2, 1), (2, 2), 1),
        ((3, 3, 8), 2, 5, (1, 1), (1, 1), (0, 0), (1, 1), 1),
        ((5, 5, 4), 1, 4, (1, 1), (2, 2), (0, 0), (1, 1), 1),
        ((4, 4, 6), 2, 4, (3, 3), (1, 1), (1, 1), (1, 1), 2),
        ((4, 5, 5), 2, 5, (3, 3), (1, 2), (1, 1), (1, 1), 5),
        ((4, 4, 3), 1, 6, (2, 2), (1, 1), (0, 0), (1, 1), 3),
        ((1, 12, 3), 2, 4, (1, 5), (1, 1), (0, 2), (1, 1), 1),
        ((3, 4, 18), 1, 20, (3, 3), (1, 1), (1, 1), (1, 1), 1),
        ((4, 4, 17), 1, 17, (3, 3), (1, 1), (1, 1), (1, 1), 17),
        ((2, 2, 2), 1, 2, (2, 2), (1, 1), (3, 3), (1, 1), 1),
        ((3, 4, 8), 2, 9, (3, 3), (1, 1), (2, 0), (1, 1), 1),
    ]
    for shape, images, units, kernel, stride, padding, dilation, groups in convolutions:
        settings = dict(units=units, kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups)
        conv = lambda x, w, b: F.conv2d(x, w, b, stride, padding, dilation, groups)
        runs.append(run("conv", shape, images, conv, settings, units, shape[2] // groups, kernel))
    # shape, images, kernel, stride, padding
    pools = [
        ((4, 4, 3), 2, (2, 2), (2, 2), (0, 0)),
        ((5, 7, 2), 2, (3, 2), (2, 1), (1, 1)),
        ((6, 5, 17), 1, (3, 3), (1, 2), (1, 0)),
        ((7, 3, 5), 1, (2, 3), (3, 3), (0, 1)),
        ((3, 4, 20), 1, (3, 4), (1, 1), (0, 0)),
    ]
    for shape, images, kernel, stride, padding in pools:
        settings = dict(kernel=kernel, stride=stride, padding=padding)
        runs.append(run("max", shape, images, lambda x: F.max_pool2d(x, kernel, stride, padding), settings))
        for count in [True, False]:
            average = lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=count)
            runs.append(run("average", shape, images, average, settings | {"count_padding": count}))
    return runs


if __name__ == "__main__":
    write("shapes.json", shapes())
    write("images.json", values())
