"""The golden draws of tests/initializers/main.rs, apart from the crate: FNV-1a, SplitMix64, xoshiro256++ and Box-Muller written out.

Python's numbers are those of IEEE 754, so the bits come out as they must; each normal number is also held against the exact functions
of mpmath.
"""

import math
import struct
import sys
from pathlib import Path

from mpmath import cos, findroot, log, mp, mpf, ncdf, pi, sin, sqrt

sys.path.insert(0, str(Path(__file__).parent.parent))
from normal_coefficients import fitted, polynomial  # noqa: E402

MASK = (1 << 64) - 1
LANES, BLOCK = 16, 256
LOGARITHM, SINE, COSINE = ([float(c) for c in fit.coefficients] for fit in fitted())


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def split_mix(state):
    while True:
        state = state + 0x9E3779B97F4A7C15 & MASK
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        yield z ^ z >> 31


def rotated(x, by):
    return (x << by | x >> 64 - by) & MASK


def xoshiro(seed):
    words = split_mix(seed)
    a, b, c, d = (next(words) for _ in range(4))
    while True:
        yield rotated(a + d & MASK, 23) + a & MASK
        shifted = b << 17 & MASK
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = rotated(d, 45)


def generator(seed, name):
    return xoshiro(fnv(struct.pack("<Q", seed) + name.encode()))


def blocks(generator):
    lanes = [xoshiro(next(generator)) for _ in range(LANES)]
    while True:
        yield [next(lanes[at % LANES]) for at in range(BLOCK)]


def between_0_and_1(bits):
    return (2 * (bits >> 12) + 1) / 2**53


def uniforms(generator):
    for block in blocks(generator):
        yield from map(between_0_and_1, block)


def two(radius_bits, angle_bits):
    u = between_0_and_1(radius_bits)
    m, e = math.frexp(u)
    if m < math.sqrt(0.5):
        m, e = 2 * m, e - 1
    s = (m - 1) / (m + 1)
    r = math.sqrt(e * (-2 * math.log(2)) + s * polynomial(LOGARITHM, s * s))
    v = ((angle_bits >> 12 | 1) - 2**51) / 2**51
    x, y = polynomial(COSINE, v * v), v * polynomial(SINE, v * v)
    exact = [cos(v * pi / 4), sin(v * pi / 4)]
    if angle_bits & 1:
        x, exact[0] = -x, -exact[0]
    if angle_bits & 2:
        x, y, exact = y, x, exact[::-1]
    found = [r * x, r * y]
    for found_one, exact_one in zip(found, exact):
        assert abs(found_one / (sqrt(-2 * log(mpf(u))) * exact_one) - 1) < 1e-13
    return found


def normals(generator):
    half = BLOCK // 2
    for block in blocks(generator):
        pairs = [two(*bits) for bits in zip(block[:half], block[half:])]
        yield from (first for first, _ in pairs)
        yield from (second for _, second in pairs)


def filled(draws, offset, scale, count):
    numbers = draws(generator(1, "weight"))
    return [offset + scale * next(numbers) for _ in range(count)]


def truncated(mean, sigma, count):
    tail = ncdf(-2)
    quantile = lambda unit: findroot(lambda z: ncdf(z) - tail - unit * (1 - 2 * tail), 0.0)
    return [float(mean + sigma * quantile(mpf(unit))) for unit in filled(uniforms, 0.0, 1.0, count)]


def below(random, bound):
    while True:
        product = next(random) * bound
        if product & MASK >= (1 << 64) % bound:
            return product >> 64


def sparse(connections, inputs, std):
    """One unit."""
    random = generator(1, "weight")
    numbers = normals(random)
    drawn = [std * next(numbers) for _ in range(connections)]
    weight, places = [0.0] * inputs, list(range(inputs))
    for at, number in enumerate(drawn):
        other = at + below(random, inputs - at)
        places[at], places[other] = places[other], places[at]
        weight[places[at]] = number
    return weight


def orthogonal(rows, cols):
    """Reflections that turn vector k onto axis k, the last one first, with the signs that make what they turn positive."""
    numbers = [mpf(x) for x in filled(normals, 0.0, 1.0, rows * cols)]
    q = [[mpf(row == col) for col in range(cols)] for row in range(rows)]
    for k in reversed(range(cols)):
        v = [mpf(0)] * k + numbers[k * rows + k:(k + 1) * rows]
        norm = sqrt(sum(x * x for x in v))
        sign = 1 if v[k] < 0 else -1
        v[k] -= sign * norm
        q[k][k] = mpf(sign)
        square = sum(x * x for x in v)
        for col in range(k, cols):
            dot = sum(v[row] * q[row][col] for row in range(rows))
            for row in range(rows):
                q[row][col] -= 2 * dot / square * v[row]
    return [float(x) for row in q for x in row]


def of_variance(variance, uniform):
    std = math.sqrt(variance)
    bound = math.sqrt(3.0) * std
    return (uniforms, -bound, 2 * bound) if uniform else (normals, 0.0, std)


if __name__ == "__main__":
    mp.dps = 30
    # Three numbers of each, for a weight of fans 3 and 1.
    print("normal", filled(normals, 0.0, 1.0, 3))
    print("uniform", filled(uniforms, 0.0, 1.0, 3))
    for name, variance in ("xavier", 1 / 2.0), ("he", 2 / 3.0), ("lecun", 1 / 3.0):
        for uniform in False, True:
            print(name, "uniform" if uniform else "normal", filled(*of_variance(variance, uniform), 3))
    print("truncated", truncated(0.0, 1.0, 3))
    print("he truncated", truncated(0.0, math.sqrt(2 / 3) / 0.8796256610342398, 3))
    print("siren", filled(uniforms, -1 / 3, 2 / 3, 3))
    print("sparse", sparse(2, 3, 1.0))
    print("orthogonal 3 x 2", orthogonal(3, 2))
    # And the bits of a thousand.
    for name, draws in ("normal", normals), ("uniform", uniforms):
        bits = b"".join(struct.pack("<d", x) for x in filled(draws, 0.0, 1.0, 1000))
        print(name, f"0x{fnv(bits):016x}")
