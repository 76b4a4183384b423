"""Makes the coefficients of the elementwise kernels: minimax fits by Remez' exchange, in 40 digits.

    python3 tests/coefficients.py

prints each fit, rounded to the type that uses it, lowest power first, with its largest error before rounding: what the
files of src/linalg/elementwise state. Needs mpmath.
"""

import struct

from mpmath import atanh, cos, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 40


def single(x):
    """The f32 nearest to x, with the digits that bring it back."""
    nearest = struct.unpack("f", struct.pack("f", float(x)))[0]
    for digits in range(1, 12):
        text = f"{nearest:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == nearest:
            return text
    raise AssertionError


def double(x):
    return repr(float(x))


def chebyshev(low, high, count):
    """Points that crowd towards both ends."""
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count)) for i in range(count)]


def polynomial(coefficients, x):
    value = mpf(0)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def exchange(error, low, high, count):
    """The extremes of an error between its changes of sign: one point a stretch, `count` of them."""
    grid = chebyshev(low, high, 40 * count)
    grid[0], grid[-1] = low, high
    values = [error(x) for x in grid]
    stretches, start = [], 0
    for i in range(1, len(grid) + 1):
        if i == len(grid) or values[i] * values[start] < 0:
            stretches.append((start, i))
            start = i
    points = []
    for first, last in stretches:
        top = max(range(first, last), key=lambda i: abs(values[i]))
        x = grid[top]
        if 0 < top < len(grid) - 1:
            # The vertex of the parabola through three points of the grid.
            a, b, c = grid[top - 1 : top + 2]
            fa, fb, fc = (abs(values[i]) for i in range(top - 1, top + 2))
            bend = (b - a) * (fb - fc) - (b - c) * (fb - fa)
            if bend != 0:
                x = b - ((b - a) ** 2 * (fb - fc) - (b - c) ** 2 * (fb - fa)) / (2 * bend)
                if not a <= x <= c:
                    x = b
        points.append(x)
    while len(points) > count:
        points.pop(0 if abs(error(points[0])) < abs(error(points[-1])) else -1)
    return points


def fit(f, weight, low, high, degree, rounds=8):
    """The polynomial p for which the largest |weight (p - f)| is smallest."""
    low, high = mpf(low), mpf(high)
    count = degree + 2
    points = chebyshev(low, high, count)
    for _ in range(rounds):
        rows = [[x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        solution = lu_solve(matrix(rows), matrix([f(x) for x in points]))
        p = list(solution)[: degree + 1]
        error = lambda x: weight(x) * (polynomial(p, x) - f(x))
        points = exchange(error, low, high, count)
        if len(points) < count:
            raise AssertionError("too few extremes")
    return p, max(abs(error(x)) for x in points)


def show(name, coefficients, error, text):
    print(f"{name}: error {float(error):.2g} = 2^{float(log(error, 2)):.1f}")
    print("    [" + ", ".join(text(c) for c in coefficients) + "]")


def exponential():
    """(exp(r) - 1 - r) / r^2 on +-0.35, a little more than log(2) / 2; errors relative to exp(r) - 1."""
    f = lambda r: (expm1(r) - r) / r**2
    for name, degree, text in [("exp f32", 4, single), ("exp f64", 9, double)]:
        p, error = fit(f, lambda r: r**2 / abs(expm1(r)), -0.3501, 0.35, degree)
        show(name, p, error, text)
    for name, bits, text in [("f32", 16, single), ("f64", 42, double)]:
        high = mpf(int(log(2) * 2**bits)) / 2**bits
        print(f"log(2) for {name}: {text(high)} + {text(log(2) - high)}")


def logarithm():
    """(2 atanh(v / 2) - v) / v^3 in v^2, for v up to 2/3; errors relative to 2 atanh(v / 2)."""
    whole = lambda s: 2 * atanh(sqrt(s) / 2) / sqrt(s)
    f = lambda s: (whole(s) - 1) / s
    for name, degree, text in [("log f32", 3, single), ("log f64", 9, double)]:
        p, error = fit(f, lambda s: s / whole(s), mpf(10) ** -9, mpf(4) / 9, degree)
        show(name, p, error, text)


def normal_share():
    """Phi(-a) exp(a^2 / 2) (a + c) in 1 - 2 c / (a + c); relative errors."""
    for name, high, c, degree, text in [("gelu f32", 14.5, 4, 9, single), ("gelu f64", 39, 6, 22, double)]:
        def f(y):
            a = 2 * c / (1 - y) - c
            return erfc(a / sqrt(2)) / 2 * exp(a**2 / 2) * (a + c)
        p, error = fit(f, lambda y: 1 / f(y), -1, 1 - mpf(2 * c) / (mpf(high) + c), degree)
        show(f"{name}, c = {c}", p, error, text)


if __name__ == "__main__":
    for make in [exponential, logarithm, normal_share]:
        make()
