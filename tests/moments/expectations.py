"""Writes `wide.csv`: moments of activations of normal numbers of every size, integrated with 40 digits (mpmath 1.3).

    python3 expectations.py > wide.csv

Columns: activation, variance q, E[f^2], E[f'^2], and the derivative of E[f^2] by q, which is E[f f' z] / sqrt(q).
"""

from mpmath import erf, exp, inf, log, log1p, mp, mpf, pi, quad, sqrt, tanh

mp.dps = 40


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def softplus(x):
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


def density(x):
    return exp(-x * x / 2) / sqrt(2 * pi)


def normal(x):
    from mpmath import erfc
    return erfc(-x / sqrt(mpf(2))) / 2


def mish(x):
    t, s = tanh(softplus(x)), sigmoid(x)
    return x * t, t + x * (1 - t * t) * s


FUNCTIONS = {
    "tanh": lambda x: (tanh(x), 1 - tanh(x) ** 2),
    "sigmoid": lambda x: (sigmoid(x), sigmoid(x) * sigmoid(-x)),
    "gelu": lambda x: (x * normal(x), normal(x) + x * density(x)),
    "silu": lambda x: (x * sigmoid(x), sigmoid(x) * (1 + x * sigmoid(-x))),
    "mish": mish,
    "softplus": lambda x: (softplus(x), sigmoid(x)),
    "softsign": lambda x: (x / (1 + abs(x)), 1 / (1 + abs(x)) ** 2),
    "elu": lambda x: (x, mpf(1)) if x > 0 else (exp(x) - 1, exp(x)),
}


def moments(f, q):
    s = sqrt(q)
    near = [mpf(2) ** k / s for k in range(-2, 60) if mpf(2) ** k / s < 13]
    cuts = sorted({*near, *(-z for z in near), *map(mpf, range(-13, 14))})

    def of(term):
        return quad(lambda z: term(*f(s * z), z) * density(z), cuts)

    return of(lambda y, d, z: y * y), of(lambda y, d, z: d * d), of(lambda y, d, z: y * d * z) / s


for name, f in FUNCTIONS.items():
    for exponent in (-12, -6, -2, 0, 1, 4, 8, 12):
        found = moments(f, mpf(10) ** exponent)
        print(name, f"1e{exponent}", *(mp.nstr(number, 17) for number in found), sep=",", flush=True)
