//! `network`: blocks, and a linear layer at the end.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{AnyBlock, AnyInitializer, block, initializer};
use crate::{Error, Linear, Network};

/// What a network is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyNetwork {
    /// How many numbers an input row has.
    pub n_in: usize,
    /// What stands before the last linear layer.
    pub hidden: Vec<AnyBlock>,
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
        let (mut builder, mut width) = (Network::builder(self.n_in), self.n_in);
        for block in &self.hidden {
            builder = block.onto(builder, width)?;
            width = block.units;
        }
        builder.layer(Linear::new(self.n_out)).weights(self.weights.initializer()).seed(seed).build()
    }
}

/// A network of so many [blocks](AnyBlock), with norms, dropout, residual branches and convolutions among them, and a linear layer at the
/// end, each of those widths; shrinks to few, narrow and plain blocks.
pub fn network(
    widths: RangeInclusive<usize>,
    hidden: RangeInclusive<usize>,
) -> impl Strategy<Value = AnyNetwork> + Clone {
    let layers = vec(block(widths.clone()), hidden);
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

    use super::super::{AnyActivation, BlockKind};
    use super::*;
    use crate::{MeanSquared, Mode, Rows, Targets};

    #[test]
    fn every_kind_is_drawn_and_learns() {
        let mut runner = TestRunner::deterministic();
        let (mut kinds, mut activations) = (Vec::new(), Vec::new());
        for seed in 0..300 {
            let drawn = network(1..=9, 0..=4).new_tree(&mut runner).unwrap().current();
            let network = drawn.build(seed).unwrap();
            let x: Vec<f64> = (0..3 * drawn.n_in).map(|at| (at as f64).sin()).collect();
            let targets = vec![0.5; 3 * drawn.n_out];
            let mut workspace = network.workspace(3).unwrap();
            let y = network.forward(Rows::new(&x, drawn.n_in).unwrap(), Mode::Train, &mut workspace).unwrap();
            assert_eq!(y.cols(), drawn.n_out);
            let targets = Targets::Values(Rows::new(&targets, drawn.n_out).unwrap());
            network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
            network.backward(&mut workspace).unwrap();
            assert!(workspace.gradients().iter().all(|g| g.is_finite()), "{drawn:?}");
            kinds.extend(drawn.hidden.iter().map(|block| block.kind));
            activations.extend(drawn.hidden.iter().map(|block| block.activation));
        }
        // One of 14 kinds is missing among some 600 with a probability below 1e-17.
        assert!(BlockKind::ALL.iter().all(|kind| kinds.contains(kind)));
        let drawn = |activation: &AnyActivation| activations.contains(activation);
        assert!(AnyActivation::ALL.iter().all(|one| drawn(one) != (*one == AnyActivation::Exponential)));
    }

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
