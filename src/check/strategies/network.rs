//! `network`: linear layers with activations between.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{AnyActivation, AnyInitializer, activation, initializer};
use crate::{Error, Linear, Network};

/// What a network is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyNetwork {
    /// How many numbers an input row has.
    pub n_in: usize,
    /// The linear layers before the last: their units, and the activation behind each.
    pub hidden: Vec<(usize, AnyActivation)>,
    /// How many numbers an output row has.
    pub n_out: usize,
    /// What all weights start as.
    pub weights: AnyInitializer,
}

impl AnyNetwork {
    /// The network, drawn from that seed.
    ///
    /// # Errors
    /// Those of [`NetworkBuilder::build`](crate::NetworkBuilder::build).
    pub fn build(&self, seed: u64) -> Result<Network<f64>, Error> {
        let mut builder = Network::builder(self.n_in);
        for &(units, activation) in &self.hidden {
            builder = builder.layer(Linear::new(units)).boxed(activation.layer());
        }
        builder.layer(Linear::new(self.n_out)).weights(self.weights.initializer()).seed(seed).build()
    }
}

/// A network of linear layers of those widths, with so many hidden ones; shrinks to few, narrow layers and simple activations.
pub fn network(
    widths: RangeInclusive<usize>,
    hidden: RangeInclusive<usize>,
) -> impl Strategy<Value = AnyNetwork> + Clone {
    let layers = vec((widths.clone(), activation()), hidden);
    (widths.clone(), layers, widths, initializer()).prop_map(|(n_in, hidden, n_out, weights)| AnyNetwork {
        n_in,
        hidden,
        n_out,
        weights,
    })
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn shrinks_to_the_smallest() {
        let mut runner = TestRunner::deterministic();
        for _ in 0..20 {
            let mut tree = network(1..=9, 0..=4).new_tree(&mut runner).unwrap();
            while tree.simplify() {}
            let smallest = AnyNetwork { n_in: 1, hidden: vec![], n_out: 1, weights: AnyInitializer::XavierNormal };
            assert_eq!(tree.current(), smallest);
        }
    }
}
