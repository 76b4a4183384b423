//! `Flatten`: from images or sequences to plain rows, which they are already.

use super::Activation;
use crate::{Expectations, Float, Initializer, Xavier};

/// What other libraries need between images or sequences and a linear layer: y = x.
///
/// Here an image is a row from the start, of which only the layers that work on images know the geometry. So this layer says where that
/// ends, and changes nothing; a network without it computes the same.
///
/// ```
/// use evenkeel::{Flatten, Linear, Network};
/// let network = Network::<f32>::builder(28 * 28).layer(Flatten).layer(Linear::new(10)).build()?;
/// assert_eq!(network.layer_names(), ["0.flatten", "1.linear"]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// It costs one copy of the rows forwards and one backwards, since every layer has rows of its own to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flatten;

impl Activation for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x
    }

    fn slope<T: Float>(&self, _: T, _: T) -> T {
        T::one()
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        y.copy_from_slice(x);
    }

    fn slopes<T: Float>(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.copy_from_slice(dy);
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_two_slopes(mean, variance, [1.0, 1.0])
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Flatten, |x| x);
}
