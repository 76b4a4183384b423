//! `Scaled`: any initializer, made smaller for what is added up over a deep network.

use super::{Draws, FanMode, InitMoments, Initializer, VarianceScaling, check_size, squarable};
use crate::{Error, Float, Generator, Param};
use rand_distr::StandardNormal;

/// What another initializer draws, times a factor: for the branches of residual networks, whose sum would grow with their number.
///
/// ```text
/// w = factor * w'        mean = factor * mean'        variance = factor^2 * variance'
/// ```
///
/// ```
/// use evenkeel::{He, Initializer, Param, Scaled};
/// let last_of_each_of_nine_branches = Scaled::one_of(9, He::normal())?;
/// let moments = Initializer::<f32>::moments(&last_of_each_of_nine_branches, &Param::weight(64, 64)).unwrap();
/// assert!((moments.variance / (2.0 / 64.0 / 9.0) - 1.0).abs() < 1e-15);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// A branch that adds nothing at first is another way: [`Zeros`](crate::Zeros) as the start of its last layer, or of its last gain (Goyal and
/// others, "Accurate, large minibatch SGD", 2017).
///
/// Where mean or deviation of what is drawn, times the factor, is neither 0 nor of a size between 1e-140 and 1e140, the parameter is refused: its
/// moments would not be those of its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaled<I> {
    factor: f64,
    inner: I,
}

const OF: &str = "Scaled";

impl<I> Scaled<I> {
    /// Times that factor; 0 and negative ones are fine.
    ///
    /// # Errors
    /// [`Error::Argument`] where `factor` is neither 0 nor of a size between 1e-140 and 1e140.
    pub fn new(factor: f64, inner: I) -> Result<Self, Error> {
        squarable(OF, "factor", factor).map(|factor| Self { factor, inner })
    }

    /// One of so many branches whose outputs are added up: factor 1 / sqrt(branches), so that the variance of their sum does not grow with
    /// their number.
    ///
    /// # Errors
    /// [`Error::Argument`] for no branches.
    ///
    /// # Notes
    /// Radford and others, "Language models are unsupervised multitask learners" (GPT-2), 2019.
    pub fn one_of(branches: usize, inner: I) -> Result<Self, Error> {
        let branches = Error::at_least_one(OF, "branches", branches)? as f64;
        Self::new(branches.sqrt().recip(), inner)
    }

    /// A layer of an encoder of so many blocks, by T-Fixup: factor 0.67 blocks^(-1/4).
    ///
    /// # Errors
    /// [`Error::Argument`] for no blocks.
    ///
    /// # Notes
    /// Huang, Perez, Ba and Volkovs, "Improving transformer optimization through better initialization", 2020: for the projections of
    /// values and outputs and both layers of the network behind, which start as Xavier says; the projection of values is sqrt(2) larger
    /// where those of queries, keys and values are one matrix of three times the units.
    pub fn t_fixup_encoder(blocks: usize, inner: I) -> Result<Self, Error> {
        let blocks = Error::at_least_one(OF, "blocks", blocks)? as f64;
        Self::new(0.67 / blocks.sqrt().sqrt(), inner)
    }

    /// A layer of a decoder of so many blocks, by T-Fixup: factor (9 blocks)^(-1/4).
    ///
    /// # Errors
    /// [`Error::Argument`] for no blocks.
    ///
    /// # Notes
    /// As [`t_fixup_encoder`](Self::t_fixup_encoder); the embeddings of encoder and decoder are scaled by the same factor.
    pub fn t_fixup_decoder(blocks: usize, inner: I) -> Result<Self, Error> {
        let blocks = Error::at_least_one(OF, "blocks", blocks)? as f64;
        Self::new((9.0 * blocks).sqrt().sqrt().recip(), inner)
    }
}

impl Scaled<VarianceScaling<StandardNormal>> {
    /// A layer of one of so many residual branches of so many layers each, by Fixup: He's variance, by the fan-out, times
    /// branches^(-1 / (2 layers - 2)) for the standard deviation.
    ///
    /// ```
    /// use evenkeel::{Initializer, Param, Scaled};
    /// let moments = Initializer::<f32>::moments(&Scaled::fixup(20, 2)?, &Param::weight(64, 50)).unwrap();
    /// assert!((moments.variance - 2.0 / 50.0 / 20.0).abs() < 1e-15);
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for no branches, and for fewer than two layers: the last one starts at 0, and there is none before it.
    ///
    /// # Notes
    /// Zhang, Dauphin and Ma, "Fixup initialization: residual learning without normalization", 2019. The last layer of every branch, and the
    /// classifier, start as [`Zeros`](crate::Zeros).
    pub fn fixup(branches: usize, layers: usize) -> Result<Self, Error> {
        let branches = Error::at_least_one(OF, "branches", branches)? as f64;
        Error::require(layers >= 2, OF, "layers", layers as f64, "at least 2")?;
        let he = VarianceScaling::new(2.0, FanMode::Out, StandardNormal)?;
        Self::new(branches.powf(-1.0 / (2.0 * layers as f64 - 2.0)), he)
    }
}

impl<I> Scaled<I> {
    /// Mean and deviation times the factor: one factor after another may leave what each of them does not.
    fn of_inner(&self, inner: InitMoments) -> Result<InitMoments, Error> {
        let times = |size: f64| {
            let product = self.factor * size;
            let vanishes = product == 0.0 && self.factor != 0.0 && size != 0.0;
            squarable(OF, "factor times what is scaled", if vanishes { f64::MIN_POSITIVE } else { product })
        };
        let (mean, deviation) = (times(inner.mean)?, times(inner.variance.sqrt())?);
        let variance = self.factor * self.factor * inner.variance;
        Ok(InitMoments { mean, variance, kurtosis: inner.kurtosis.filter(|_| deviation != 0.0) })
    }
}

impl<T: Float, I: Initializer<T>> Initializer<T> for Scaled<I> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        self.inner.moments(param).map_or(Ok(()), |inner| self.of_inner(inner).map(drop))?;
        self.inner.fill(param, out, rng)?;
        out.iter_mut().for_each(|w| *w = T::of(self.factor * w.get()));
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        self.of_inner(self.inner.moments(param)?).ok()
    }

    fn draws(&self, param: &Param) -> Draws {
        self.inner.draws(param)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Constant, He, Orthogonal};

    #[test]
    fn refuses_what_makes_no_sense() {
        for factor in [f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            assert!(matches!(Scaled::new(factor, He::normal()), Err(Error::Argument { argument: "factor", .. })));
        }
        assert!(matches!(Scaled::one_of(0, He::normal()), Err(Error::Argument { argument: "branches", .. })));
        assert!(matches!(Scaled::fixup(0, 2), Err(Error::Argument { argument: "branches", .. })));
        assert!(matches!(Scaled::fixup(3, 1), Err(Error::Argument { argument: "layers", .. })));
        assert!(Scaled::t_fixup_encoder(0, He::normal()).is_err() && Scaled::t_fixup_decoder(0, He::normal()).is_err());
    }

    #[test]
    fn factors_that_vanish_together_are_refused() {
        let param = Param::weight(8, 4);
        for factor in [1e-100, 1e100] {
            let twice = Scaled::new(factor, Scaled::new(factor, He::normal()).unwrap()).unwrap();
            let filled = twice.fill(&param, &mut [0.0_f64; 32], &mut Generator::named(1, "w"));
            assert!(matches!(filled, Err(Error::Argument { of: "Scaled", .. })), "{filled:?}");
            assert_eq!(Initializer::<f64>::moments(&twice, &param), None);
            let constant = Scaled::new(factor, Scaled::new(factor, Constant::new(2.0).unwrap()).unwrap()).unwrap();
            assert!(constant.fill(&param, &mut [0.0_f64; 32], &mut Generator::named(1, "w")).is_err());
        }
    }

    #[test]
    fn scales_numbers_and_moments_alike() {
        let param = Param::weight(8, 4);
        let filled = |initializer: &dyn Initializer<f64>| {
            let mut out = vec![0.0; 32];
            initializer.fill(&param, &mut out, &mut Generator::named(1, "w")).unwrap();
            out
        };
        let (plain, scaled) = (filled(&He::normal()), filled(&Scaled::new(-0.5, He::normal()).unwrap()));
        assert!(plain.iter().zip(&scaled).all(|(plain, scaled)| -0.5 * plain == *scaled));
        let constant = Scaled::new(-0.5, Constant::new(3.0).unwrap()).unwrap();
        assert_eq!(Initializer::<f64>::moments(&constant, &param).unwrap().mean, -1.5);
        let nothing = Initializer::<f64>::moments(&Scaled::new(0.0, He::normal()).unwrap(), &param).unwrap();
        assert_eq!((nothing.variance, nothing.kurtosis), (0.0, None));
        let orthogonal = Scaled::one_of(2, Orthogonal::default()).unwrap();
        assert_eq!(Initializer::<f64>::draws(&orthogonal, &param), Draws::Orthogonal);
    }
}
