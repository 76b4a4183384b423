//! Gradients of every magnitude, and limits for them.

use evenkeel::{Clipped, Float, GradientClipper, Gradients, Linear, Network, Tanh};
use proptest::prelude::*;

/// Two layers with weights and biases, so that there are four parameters.
pub(crate) fn network<T: Float>((n_in, hidden, n_out): (usize, usize, usize)) -> Network<T> {
    Network::builder(n_in).layer(Linear::new(hidden)).layer(Tanh).layer(Linear::new(n_out)).build().unwrap()
}

pub(crate) fn clip<T: Float>(clipper: &mut dyn GradientClipper<T>, network: &Network<T>, values: &mut [T]) -> Clipped {
    clipper.clip(&mut Gradients::new(network.layout(), network.parameters(), values).unwrap())
}

/// What a test draws, for both types: gradients as mantissas and powers of ten below a common one, and a limit.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) widths: (usize, usize, usize),
    /// 0 is the smallest power of ten the type has, 1 the largest.
    size: f64,
    entries: Vec<(f64, u32)>,
    limit: Limit,
}

#[derive(Debug, Clone)]
pub(crate) enum Limit {
    /// 0 is the smallest that keeps what is clipped normal, 1 the largest.
    Absolute(f64),
    /// As a factor of the norm.
    Relative(f64),
}

pub(crate) fn drawn() -> impl Strategy<Value = Drawn> {
    let widths = (1_usize..12, 1_usize..8, 1_usize..4);
    let size = prop_oneof![3 => 0.0..=1.0_f64, 1 => Just(1.0), 1 => Just(0.0)];
    let entry = (-1.7..1.7_f64, prop_oneof![3 => 0_u32..3, 1 => 0_u32..60]);
    let limit = prop_oneof![
        (0.0..=1.0_f64).prop_map(Limit::Absolute),
        prop::sample::select(vec![1.0, 1.0 + 8.0 * f64::EPSILON, 2.0, 0.999, 0.5, 1e-3]).prop_map(Limit::Relative),
    ];
    (widths, size, prop::collection::vec(entry, 110), limit).prop_map(|(widths, size, entries, limit)| Drawn {
        widths,
        size,
        entries,
        limit,
    })
}

impl Drawn {
    pub(crate) fn gradients<T: Float>(&self, network: &Network<T>) -> Vec<T> {
        let (low, high) = if size_of::<T>() == 4 { (-38.0, 38.0) } else { (-308.0, 308.0) };
        let exponent = (low + self.size * (high - low)).round() as i32;
        let entries = self.entries.iter().cycle().take(network.layout().len());
        entries.map(|&(mantissa, below)| T::of(mantissa * 10_f64.powi(exponent - below as i32))).collect()
    }

    /// Not so small that what is clipped to it loses digits for being subnormal, nor so large that a norm one eps above it is
    /// infinite: there no four eps can be had.
    pub(crate) fn limit<T: Float>(&self, norm: f64) -> f64 {
        let (low, high) = if size_of::<T>() == 4 { (-36.0, 38.0) } else { (-290.0, 308.0) };
        match self.limit {
            Limit::Absolute(at) => 10_f64.powf(low + at * (high - low)),
            Limit::Relative(factor) => (norm * factor).clamp(10_f64.powf(low), 1e308),
        }
    }
}
