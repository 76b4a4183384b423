//! What the elementwise functions need to know of `f32` and `f64`: constants, bits, and the coefficients of their polynomials.
//!
//! The coefficients are minimax fits of our own, lowest power first; `tests/coefficients.py` makes them.

/// The numbers and bits behind the elementwise functions of a type of number.
pub trait Elementary: Copy + 'static {
    /// 1.5 * 2^(mantissa bits): added to a number of less than half its size, it leaves a whole number in the last bits of the sum.
    const ROUNDER: Self;
    /// log(2) in two parts, the first so short that its product with any exponent is exact.
    const LN_2: [Self; 2];
    /// Below the first exp is 0, rounded; above the second it is infinite.
    const EXP_RANGE: [Self; 2];
    /// Below this exp(x) - 1 is -1, rounded.
    const LESS_ONE_LOWEST: Self;
    /// (exp(r) - 1 - r) / r^2 for |r| <= 0.35; errors relative to exp(r) - 1.
    const EXP: &'static [Self];
    /// (2 atanh(v / 2) - v) / v^3 in powers of v^2, for |v| <= 2/3; errors relative to 2 atanh(v / 2).
    const LOG: &'static [Self];
    /// Phi(-a) exp(a^2 / 2) (a + c) in powers of 1 - 2c / (a + c), for a from 0 to `GELU_HIGHEST`; relative errors.
    const GELU: &'static [Self];
    /// The c of `GELU`.
    const GELU_PLACE: f64;
    /// From here on exp(-a^2 / 2) is 0, rounded.
    const GELU_HIGHEST: Self;

    /// 2^k for the k of `k + ROUNDER`, as a product of two powers that are normal numbers for every k from exp of `EXP_RANGE`.
    fn two_powers(shifted: Self) -> [Self; 2];

    /// 2^k for the k of `k + ROUNDER`, where that is a normal number.
    fn one_power(shifted: Self) -> Self;

    /// The number with the second half of its significant bits cleared: its square is exact.
    fn first_half(self) -> Self;
}

impl Elementary for f32 {
    const ROUNDER: Self = 12_582_912.0;
    const LN_2: [Self; 2] = [0.69314575, 1.4286068e-6];
    const EXP_RANGE: [Self; 2] = [-104.0, 89.0];
    const LESS_ONE_LOWEST: Self = -18.0;
    /// Error 2^-26.1.
    const EXP: &'static [Self] = &[0.49999997, 0.16666539, 0.041667227, 0.008367182, 0.0013881802];
    /// Error 2^-27.7.
    const LOG: &'static [Self] = &[0.08333302, 0.012506727, 0.002187641, 0.0005471091];
    /// Error 2^-26.8.
    const GELU: &'static [Self] = &[
        0.75528514,
        -0.60789657,
        0.3871369,
        -0.18652344,
        0.06040383,
        -0.0075252713,
        -0.003512554,
        0.0015699235,
        0.00017935432,
        -0.00013197174,
    ];
    const GELU_PLACE: f64 = 4.0;
    const GELU_HIGHEST: Self = 14.5;

    #[inline(always)]
    fn two_powers(shifted: Self) -> [Self; 2] {
        // With twice the bias added k is positive, and so are its halves.
        let both = shifted.to_bits().wrapping_sub(Self::ROUNDER.to_bits() - 2 * 127);
        let first = both >> 1;
        [Self::from_bits(first << 23), Self::from_bits(both.wrapping_sub(first) << 23)]
    }

    #[inline(always)]
    fn one_power(shifted: Self) -> Self {
        Self::from_bits(shifted.to_bits().wrapping_sub(Self::ROUNDER.to_bits() - 127) << 23)
    }

    #[inline(always)]
    fn first_half(self) -> Self {
        Self::from_bits(self.to_bits() & !0xfff)
    }
}

impl Elementary for f64 {
    const ROUNDER: Self = 6_755_399_441_055_744.0;
    const LN_2: [Self; 2] = [0.6931471805598903, 5.497923018708371e-14];
    const EXP_RANGE: [Self; 2] = [-746.0, 710.0];
    const LESS_ONE_LOWEST: Self = -38.0;
    /// Error 2^-55.5.
    const EXP: &'static [Self] = &[
        0.5000000000000006,
        0.1666666666666658,
        0.04166666666656945,
        0.008333333333395209,
        0.0013888888934147313,
        0.00019841269708682403,
        2.480150199145339e-05,
        2.755741418475618e-06,
        2.7627401168502224e-07,
        2.505267294679945e-08,
    ];
    /// Error 2^-59.4.
    const LOG: &'static [Self] = &[
        0.08333333333333288,
        0.012500000000048474,
        0.002232142855321715,
        0.00043402781159472114,
        8.877804921365375e-05,
        1.8782407709169835e-05,
        4.059180096592136e-06,
        9.235340306410267e-07,
        1.5916766769602902e-07,
        8.110885676831907e-08,
    ];
    /// Error 2^-57.9.
    const GELU: &'static [Self] = &[
        0.7773517718933622,
        -0.7010090295908655,
        0.5689688918147839,
        -0.4139035857755904,
        0.26797424584163837,
        -0.15268023206449532,
        0.07517191566939019,
        -0.030985315507541238,
        0.01002982063458198,
        -0.002131605210825592,
        3.2870066252488124e-05,
        0.00018136042139835055,
        -6.475223468546042e-05,
        1.075584914492292e-06,
        6.797130870804918e-06,
        -1.7996772843763629e-06,
        -4.3121617719621303e-07,
        3.1028901165425425e-07,
        9.927755172227804e-09,
        -4.2963560740353765e-08,
        7.094442864967816e-12,
        4.724267160536633e-09,
        6.945615138496958e-10,
    ];
    const GELU_PLACE: f64 = 6.0;
    const GELU_HIGHEST: Self = 39.0;

    #[inline(always)]
    fn two_powers(shifted: Self) -> [Self; 2] {
        let both = shifted.to_bits().wrapping_sub(Self::ROUNDER.to_bits() - 2 * 1023);
        let first = both >> 1;
        [Self::from_bits(first << 52), Self::from_bits(both.wrapping_sub(first) << 52)]
    }

    #[inline(always)]
    fn one_power(shifted: Self) -> Self {
        Self::from_bits(shifted.to_bits().wrapping_sub(Self::ROUNDER.to_bits() - 1023) << 52)
    }

    #[inline(always)]
    fn first_half(self) -> Self {
        Self::from_bits(self.to_bits() & !0x7ff_ffff)
    }
}
