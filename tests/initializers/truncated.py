"""tests/initializers/truncated.csv: moments and quantiles of the standard normal distribution between two bounds, by mpmath.

By the closed formulas, with so many digits that what cancels leaves enough. A bound is the f64 that is written; a quantile is told by
its distance from the bound that is nearer to 0, or by itself where 0 lies between them.
"""

from mpmath import exp, erfc, findroot, inf, log, mp, mpf, pi, sqrt

mp.dps = 120

BOUNDS = [
    (-1, 1), (-2, 2), (-3, 3), (-1, 2), (-2, 0.5), (-1, inf), (-inf, 0.25), (0, 1e-3), (0, inf), (0.5, 0.75), (1, 4), (3, inf), (3, 5),
    (4, 4.001), (8, 9), (-9, -8), (12, inf), (20, 20.5), (29.5, inf), (30, inf), (30.5, 31), (37, 38), (40, inf), (100, 101), (-inf, -1000),
    (10000, inf),
]


def phi(z):
    return mpf(0) if abs(z) == inf else exp(-z * z / 2) / sqrt(2 * pi)


def beyond(z):
    return mpf(0) if z == inf else mpf(1) if z == -inf else erfc(z / sqrt(2)) / 2


def moments(a, b):
    if b < 0:
        mean, variance, kurtosis = moments(-b, -a)
        return -mean, variance, kurtosis
    mass = beyond(a) - beyond(b)
    edge = lambda z, k: mpf(0) if abs(z) == inf else z ** k * phi(z)
    raw = [mpf(1), (phi(a) - phi(b)) / mass]
    for k in range(2, 5):
        raw.append((k - 1) * raw[k - 2] + (edge(a, k - 1) - edge(b, k - 1)) / mass)
    _, m, m2, m3, m4 = raw
    variance = m2 - m * m
    return m, variance, (m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m ** 4) / variance ** 2


def quantile(a, b, unit):
    if b < 0:
        return -quantile(-b, -a, 1 - unit)
    # Far out the share of a tail is nearly exponential; around 0 nothing is needed to start from.
    p = beyond(a) - unit * (beyond(a) - beyond(b))
    if a > 0:
        start = a - log(p / beyond(a)) / (a + 1)
        return findroot(lambda z: log(beyond(z)) - log(p), (start, start * mpf("1.0001")))
    return findroot(lambda z: beyond(z) - p, (max(a, -2), min(b, 2)))


def written(x):
    return "inf" if x == inf else "-inf" if x == -inf else repr(float(x))


if __name__ == "__main__":
    print("low,high,mean,variance,kurtosis,from,lower,middle,upper")
    for low, high in BOUNDS:
        a, b = mpf(low), mpf(high)
        edge = a if a > 0 else b if b < 0 else mpf(0)
        mean, variance, kurtosis = moments(a, b)
        # Units that are f64.
        units = [mpf(1) / 1024, mpf(5) / 8, mpf(1023) / 1024]
        found = [quantile(a, b, unit) - edge for unit in units]
        print(",".join(map(written, [low, high, mean - edge, variance, kurtosis, edge, *found])))
