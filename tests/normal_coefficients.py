"""The coefficients of src/random/normal.rs: polynomials with the least largest relative error, by the exchange of Remez.

Needs mpmath. Prints each polynomial, lowest power first, with the relative error that it has before its coefficients are rounded.
"""

from collections import namedtuple

from mpmath import atanh, cos, lu_solve, matrix, mp, mpf, pi, sin, sqrt

mp.dps = 50


def minimax(function, end, degree):
    """The polynomial p on [0, end] with the smallest max |p / function - 1|, and that maximum."""
    count = degree + 2
    points = [end * (1 - cos(pi * k / (count - 1))) / 2 for k in range(count)]
    grid = [end * (1 - cos(pi * k / 2000)) / 2 for k in range(2001)]
    values = [function(x) for x in grid]
    for _ in range(12):
        # sum of c_k x^k = function(x) (1 + sign * error) at every point, for the c_k and the error.
        rows = [[x**k for k in range(degree + 1)] + [-((-1) ** at) * function(x)] for at, x in enumerate(points)]
        solved = lu_solve(matrix(rows), matrix([function(x) for x in points]))
        coefficients = [solved[k] for k in range(degree + 1)]
        errors = [polynomial(coefficients, x) / value - 1 for x, value in zip(grid, values)]
        # The next points: of each stretch of one sign, where the error is largest.
        stretches = [[0]]
        for at in range(1, len(grid)):
            if errors[at] * errors[at - 1] < 0:
                stretches.append([])
            stretches[-1].append(at)
        largest = [max(stretch, key=lambda at: abs(errors[at])) for stretch in stretches]
        assert len(largest) == count, "the error does not alternate"
        points = [grid[at] for at in largest]
    return coefficients, max(abs(error) for error in errors)


def polynomial(coefficients, x):
    """By Horner's scheme, in numbers of the kind that it is given."""
    value = 0 * x
    for coefficient in reversed(coefficients):
        value = coefficient + x * value
    return value


def at_root(odd, limit):
    """x -> odd(sqrt x) / sqrt x, which is `limit` at 0."""
    return lambda x: odd(sqrt(x)) / sqrt(x) if x else mpf(limit)


QUARTER = pi / 4
# s = (m - 1) / (m + 1) for m between sqrt(1/2) and sqrt(2).
LARGEST_S = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)

Fit = namedtuple("Fit", "name coefficients error")


def fitted():
    """The three polynomials."""
    for name, function, end in [
        ("LOGARITHM: -2 ln((1 + s) / (1 - s)) / s, of s^2", at_root(lambda s: -4 * atanh(s), -4), LARGEST_S**2),
        ("SINE: sin(v pi / 4) / v, of v^2", at_root(lambda v: sin(QUARTER * v), QUARTER), mpf(1)),
        ("COSINE: cos(v pi / 4), of v^2", lambda x: cos(QUARTER * sqrt(x)), mpf(1)),
    ]:
        yield Fit(name, *minimax(function, end, 5))


if __name__ == "__main__":
    for fit in fitted():
        print(f"{fit.name}; relative error {mp.nstr(fit.error, 2)}")
        for coefficient in fit.coefficients:
            print(f"    {float(coefficient)!r},")
