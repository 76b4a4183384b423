"""Makes the golden values: losses, activations and optimizers as PyTorch computes them.

Made with torch 2.15.0+cu132, on the CPU, by

    python3 tests/golden/make.py

which writes optimizers.json, losses.json, plateaus.json and activations.json beside itself. Every input follows from whole numbers by
a formula that both sides compute exactly, or stands in the file and is exact in f32.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F

HERE = Path(__file__).parent
SIZES = [3, 5, 4, 2]
ROWS = 8
STEPS = 5


def write(name, runs):
    """One line a run, every number with the digits that bring it back."""
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


def numbers(tensor):
    """The numbers of a tensor; those of f32 with the nine digits that are enough for them."""
    flat = tensor.detach().reshape(-1).tolist()
    return flat if tensor.dtype == torch.float64 else [float(f"{x:.9g}") for x in flat]


# Optimizers: five steps of a small classifier, tanh and ReLU inside.


def start(dtype):
    """Weights (inputs x units, as in the crate) and biases: the k-th of all is ((37 k + 11) mod 101) / 101 - 1/2."""
    k, parameters = 0, {}
    for layer, (n_in, n_out) in enumerate(zip(SIZES, SIZES[1:])):
        for kind, shape in [("weight", (n_in, n_out)), ("bias", (n_out,))]:
            count = torch.Size(shape).numel()
            drawn = [((37 * i + 11) % 101) / 101 - 0.5 for i in range(k, k + count)]
            k += count
            tensor = torch.tensor(drawn, dtype=torch.float64).to(dtype).reshape(shape)
            parameters[f"{2 * layer}.linear.{kind}"] = tensor.requires_grad_()
    return parameters


def batch(dtype):
    inputs = [((53 * i + 7) % 97) / 97 * 4 - 2 for i in range(ROWS * SIZES[0])]
    x = torch.tensor(inputs, dtype=torch.float64).to(dtype).reshape(ROWS, SIZES[0])
    return x, torch.tensor([(i * i + i // 3) % 2 for i in range(ROWS)])


def train(make, decay, dtype):
    parameters = start(dtype)
    kinds = {kind: [p for name, p in parameters.items() if name.endswith(kind)] for kind in ["weight", "bias"]}
    # Only weights decay.
    groups = [{"params": kinds["weight"], "weight_decay": decay}, {"params": kinds["bias"], "weight_decay": 0.0}]
    optimizer = make(groups)
    x, classes = batch(dtype)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        a = torch.tanh(x @ parameters["0.linear.weight"] + parameters["0.linear.bias"])
        b = torch.relu(a @ parameters["2.linear.weight"] + parameters["2.linear.bias"])
        loss = F.cross_entropy(b @ parameters["4.linear.weight"] + parameters["4.linear.bias"], classes)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    tensors = {name: numbers(p) for name, p in parameters.items()}
    return {"losses": numbers(torch.stack(losses)), "parameters": tensors}


def optimizers():
    optim, plain = torch.optim, {"foreach": False}
    settings = [
        ("sgd", 0.0, lambda p: optim.SGD(p, lr=0.5, **plain)),
        ("sgd momentum", 0.0, lambda p: optim.SGD(p, lr=0.2, momentum=0.9, **plain)),
        ("sgd nesterov", 0.0, lambda p: optim.SGD(p, lr=0.2, momentum=0.9, nesterov=True, **plain)),
        ("sgd weight decay", 0.1, lambda p: optim.SGD(p, lr=0.5, **plain)),
        ("sgd nesterov weight decay", 0.1, lambda p: optim.SGD(p, lr=0.2, momentum=0.9, nesterov=True, **plain)),
        ("adam", 0.0, lambda p: optim.Adam(p, lr=0.01, **plain)),
        ("adam betas epsilon", 0.0, lambda p: optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, **plain)),
        ("adamw", 0.1, lambda p: optim.AdamW(p, lr=0.05, **plain)),
        ("rmsprop", 0.0, lambda p: optim.RMSprop(p, lr=0.01, **plain)),
        ("rmsprop alpha epsilon", 0.0, lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, **plain)),
        ("rmsprop momentum", 0.0, lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, **plain)),
        ("rmsprop centered", 0.0, lambda p: optim.RMSprop(p, lr=0.01, centered=True, **plain)),
        (
            "rmsprop centered momentum weight decay",
            0.1,
            lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-2, momentum=0.5, centered=True, **plain),
        ),
        ("adagrad", 0.0, lambda p: optim.Adagrad(p, lr=0.1, **plain)),
        (
            "adagrad rate decay initial weight decay",
            0.1,
            lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.25, initial_accumulator_value=0.125, eps=1e-3, **plain),
        ),
    ]
    dtypes = {"f64": torch.float64, "f32": torch.float32}
    return [
        {"name": name, **{key: train(make, decay, dtype) for key, dtype in dtypes.items()}}
        for name, decay, make in settings
    ]


# Losses: their value and gradient, on outputs that f32 holds exactly.


def losses():
    runs = []

    def run(name, outputs, cols, loss, **targets):
        y = torch.tensor(outputs, dtype=torch.float64).reshape(-1, cols).requires_grad_()
        value = loss(y)
        value.backward()
        runs.append(
            {
                "name": name,
                "cols": cols,
                "outputs": outputs,
                **targets,
                "value": value.item(),
                "gradient": numbers(y.grad),
            }
        )

    def values(name, outputs, cols, target, loss):
        t = torch.tensor(target, dtype=torch.float64).reshape(-1, cols)
        run(name, outputs, cols, lambda y: loss(y, t), values=target)

    small = [((29 * i + 5) % 83 - 41) / 16 for i in range(20)]
    target = [((31 * i + 3) % 71 - 35) / 16 for i in range(20)]
    extreme = [1e4, -1e4, 0.0, 1e4, 1e4, -1e4, -1e4, -1e4, 0.5, -1e4, 1e4, 1e4]
    values("mean_squared", small, 4, target, F.mse_loss)
    values("mean_absolute", small, 4, target, F.l1_loss)
    values("huber 1", small, 4, target, lambda y, t: F.huber_loss(y, t, delta=1.0))
    values("huber 0.25", small, 4, target, lambda y, t: F.huber_loss(y, t, delta=0.25))
    values("mean_squared", extreme, 3, target[:12], F.mse_loss)
    values("mean_absolute", extreme, 3, target[:12], F.l1_loss)
    values("huber 1", extreme, 3, target[:12], lambda y, t: F.huber_loss(y, t, delta=1.0))

    weights = {4: [0.5, 1.0, 2.0, 0.25], 3: [3.0, 0.5, 1.5]}
    yes_or_no = [(i * i + i // 5) % 2 for i in range(20)]
    shares = [((13 * i + 1) % 17) / 16 for i in range(20)]
    for cols, outputs, classes in [(4, small, [3, 0, 1, 1, 2]), (3, extreme, [1, 0, 0, 2])]:
        for smoothing in [0.0, 0.125]:
            for weight in [None, weights[cols]]:
                w = None if weight is None else torch.tensor(weight, dtype=torch.float64)
                kind = f"{'' if smoothing == 0 else ' smoothing'}{'' if weight is None else ' weights'}"
                one = torch.nn.CrossEntropyLoss(weight=w, label_smoothing=smoothing)
                of_classes = lambda y: one(y, torch.tensor(classes))
                run(f"softmax_cross_entropy{kind}", outputs, cols, of_classes, classes=classes)
                each = torch.nn.BCEWithLogitsLoss(pos_weight=w)
                smooth = lambda y, t: each(y, (1 - smoothing) * t + smoothing / 2)
                for t in [yes_or_no, shares]:
                    t = [float(x) for x in t[: len(outputs)]]
                    values(f"sigmoid_cross_entropy{kind}", outputs, cols, t, smooth)

    counts = [float(i * i % 7) for i in range(20)]
    values("poisson", small, 4, counts, F.poisson_nll_loss)
    rates = [abs(y) + 1 / 16 for y in small[:19]] + [0.0]
    of_rates = lambda y, t: F.poisson_nll_loss(y, t, log_input=False)
    values("poisson of rates", rates, 4, counts, of_rates)
    values("sum_squared", small, 4, target, lambda y, t: ((y - t) ** 2).sum())

    def clip(p):
        return p.clamp(1e-7, 1 - 1e-7)

    def binary(y, t):
        return -(t * clip(y).log() + (1 - t) * (1 - clip(y)).log()).mean()

    def categorical(y, t):
        return -(t * clip(y / y.sum(dim=1, keepdim=True)).log()).sum(dim=1).mean()

    # Some at the ends, where clipping binds, and some beyond.
    probabilities = [((7 * i + 3) % 21 - 2) / 16 for i in range(20)]
    for t in [yes_or_no, shares, target]:
        values("binary_cross_entropy", probabilities, 4, [float(x) for x in t], binary)
    # Rows of any sum; in the last two one output has nearly all of it.
    weights = [((11 * i + 2) % 19) / 16 for i in range(12)] + [2.0**-27, 1.0, 2.0**-28, 0.0] + [0.0, 2.0, 0.0, 0.0]
    for t in [shares, target, [float(i % 4 == i // 4 % 4) for i in range(20)]]:
        values("categorical_cross_entropy", weights, 4, t, categorical)
    for classes in [[3, 0, 1, 1, 1], [0, 2, 3, 0, 2]]:
        t = F.one_hot(torch.tensor(classes), 4).double()
        run("categorical_cross_entropy", weights, 4, lambda y: categorical(y, t), classes=classes)
    return runs


# The learning rate on a plateau: that of every epoch, given the losses.


def plateaus():
    falling = [1 / (1 + i) for i in range(12)]
    noisy = [1 + ((37 * i) % 11 - 5) / 32 - i / 256 for i in range(40)]
    flat = [1.0] * 30
    # The smallest fall that counts, and one that does not.
    steps = [1.0, 0.875, 0.75, 0.6875, 0.6875, 0.5, 0.4375, 0.4375, 0.4375, 0.4375, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
    broken = [1.0, float("nan"), float("nan"), 0.5, float("inf"), 0.5, 0.5, 0.25, float("nan"), 0.25, 0.25, 0.25]
    settings = [
        {"factor": 0.5, "patience": 0},
        {"factor": 0.1, "patience": 3},
        {"factor": 0.5, "patience": 2, "threshold": 0.125, "threshold_mode": "rel"},
        {"factor": 0.5, "patience": 2, "threshold": 0.125, "threshold_mode": "abs"},
        {"factor": 0.25, "patience": 1, "threshold": 0.0, "cooldown": 3},
        {"factor": 0.3, "patience": 1, "cooldown": 1, "min_lr": 0.01},
    ]
    runs = []
    for setting in settings:
        for losses in [falling, noisy, flat, steps, broken]:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.125)
            schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, eps=0.0, **setting)
            rates = []
            for loss in losses:
                schedule.step(loss)
                rates.append(optimizer.param_groups[0]["lr"])
            # JSON has no number for what is not finite.
            shown = [str(loss) if loss - loss != 0 else loss for loss in losses]
            runs.append({"name": "reduce_on_plateau", **setting, "losses": shown, "rates": rates})
    return runs


# Activations: their value and slope, at kinks and on both sides of them.


def activations():
    points = [-40.0, -20.0, -9.0, -6.0, -3.0, -2.9, -1.5, -1.0, -0.3, -1e-3, 0.0]
    points += [-x for x in reversed(points[:-1])]
    functions = {
        "identity": lambda x: x.clone(),
        "relu": F.relu,
        "leaky_relu": F.leaky_relu,
        "elu": F.elu,
        "selu": F.selu,
        "gelu": F.gelu,
        "silu": F.silu,
        "mish": F.mish,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        # By its definition: F.hardsigmoid takes its slope, 1/6, as an f32 whatever the numbers are.
        "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,
        # Without the shortcut that drops the logarithm above 20.
        "softplus": lambda x: F.softplus(x, threshold=1000.0),
        "softsign": F.softsign,
        "exponential": torch.exp,
    }
    runs = []
    for name, function in functions.items():
        x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        y = function(x)
        y.sum().backward()
        runs.append({"name": name, "points": points, "values": numbers(y), "slopes": numbers(x.grad)})
    return runs


if __name__ == "__main__":
    write("optimizers.json", optimizers())
    write("losses.json", losses())
    write("plateaus.json", plateaus())
    write("activations.json", activations())
