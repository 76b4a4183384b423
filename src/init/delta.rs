//! `DeltaOrthogonal` and `Dirac`: convolutions that start as maps of single pixels.

use super::orthogonal::fill_orthogonal;
use super::{Draws, InitMoments, Initializer, check_size, squarable};
use crate::{Error, Float, Generator, Param};

/// Weights of a convolution of which only the middle tap is not zero, and maps the channels of each pixel as an orthogonal matrix.
///
/// ```text
/// W[centre] W[centre]^T = gain^2 I          W[any other tap] = 0          centre = ((rows - 1) / 2, (columns - 1) / 2), rounded down
/// ```
///
/// ```
/// use evenkeel::*;
/// let layer = Conv2d::new((8, 8, 4), 16, 3).padding(Padding::Same).weights(DeltaOrthogonal::new((3, 3), 1.0)?);
/// let network = Network::<f64>::builder(8 * 8 * 4).layer(layer).build()?;
/// let image: Vec<f64> = (0..256).map(|at| f64::from(at % 7) - 3.0).collect();
/// let size = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
/// let y = network.predict(Rows::new(&image, 256)?)?;
/// assert!((size(&y) / size(&image) - 1.0).abs() < 1e-12); // as long as the image was, exactly
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Xiao and others, "Dynamical isometry and a mean field theory of CNNs", 2018: with it they train 10,000 layers without normalization. The
/// length of a pixel's channels can only be kept where there are at least as many units, so fewer are refused; in a convolution with
/// groups each is orthogonal by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeltaOrthogonal {
    kernel: Kernel,
    gain: f64,
}

impl DeltaOrthogonal {
    /// For kernels of so many rows and columns, with that gain.
    ///
    /// # Errors
    /// [`Error::Argument`] for a kernel without taps, or where `gain` is neither 0 nor between 1e-140 and 1e140.
    pub fn new(kernel: (usize, usize), gain: f64) -> Result<Self, Error> {
        let of = "DeltaOrthogonal";
        Error::not_negative(of, "gain", gain)?;
        squarable(of, "gain", gain)?;
        Ok(Self { kernel: Kernel::new(of, kernel)?, gain })
    }

    fn centre(&self, param: &Param) -> Result<Centre, Error> {
        let centre = self.kernel.centre(param)?;
        let fine = centre.channels <= centre.units;
        let must = "at most the number of units, of each group";
        Error::require(fine, self.kernel.of, "channels", centre.channels as f64, must).map(|_| centre)
    }
}

impl<T: Float> Initializer<T> for DeltaOrthogonal {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let Centre { first_row, channels, units, groups } = self.centre(param)?;
        out.fill(T::zero());
        let mut matrix = vec![T::zero(); channels * units];
        for group in 0..groups {
            fill_orthogonal(self.gain, channels, units, &mut matrix, rng)?;
            for (channel, row) in matrix.chunks_exact(units).enumerate() {
                out[(first_row + channel) * param.cols + group * units..][..units].copy_from_slice(row);
            }
        }
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let units = self.centre(param).ok()?.units as f64;
        let taps = self.kernel.taps() as f64;
        let variance = self.gain * self.gain / (taps * units);
        Some(InitMoments {
            mean: 0.0,
            variance,
            kurtosis: (variance > 0.0).then_some(taps * 3.0 * units / (units + 2.0)),
        })
    }

    fn draws(&self, _: &Param) -> Draws {
        Draws::MiddleTap
    }
}

/// Weights of a convolution that repeats its input: unit i passes channel i on, times a gain, by the middle tap alone.
///
/// ```text
/// W[centre, i, i] = gain, everything else 0          centre = ((rows - 1) / 2, (columns - 1) / 2), rounded down
/// ```
///
/// ```
/// use evenkeel::*;
/// let layer = Conv2d::new((5, 5, 2), 2, 3).padding(Padding::Same).weights(Dirac::new((3, 3), 1.0)?);
/// let network = Network::<f32>::builder(50).layer(layer).build()?;
/// let image: Vec<f32> = (0..50).map(|at| at as f32).collect();
/// assert_eq!(network.predict(Rows::new(&image, 50)?)?, image);
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Zagoruyko and Komodakis, "DiracNets: training very deep neural networks without skip-connections", 2017. Units beyond the channels, of
/// each group, start at zero, and so do channels beyond the units. A kernel of even size has its middle tap where
/// [`Padding::Same`](crate::Padding::Same) puts the pixel, as in JAX; PyTorch's is one further.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dirac {
    kernel: Kernel,
    gain: f64,
}

impl Dirac {
    /// For kernels of so many rows and columns, with that gain.
    ///
    /// # Errors
    /// [`Error::Argument`] for a kernel without taps, or where `gain` is neither 0 nor of a size between 1e-140 and 1e140.
    pub fn new(kernel: (usize, usize), gain: f64) -> Result<Self, Error> {
        squarable("Dirac", "gain", gain)?;
        Ok(Self { kernel: Kernel::new("Dirac", kernel)?, gain })
    }
}

impl<T: Float> Initializer<T> for Dirac {
    fn fill(&self, param: &Param, out: &mut [T], _: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let Centre { first_row, channels, units, groups } = self.kernel.centre(param)?;
        out.fill(T::zero());
        for group in 0..groups {
            for at in 0..channels.min(units) {
                out[(first_row + at) * param.cols + group * units + at] = T::of(self.gain);
            }
        }
        Ok(())
    }

    /// Of an entry at a random place.
    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let Centre { channels, units, .. } = self.kernel.centre(param).ok()?;
        let share = 1.0 / (self.kernel.taps() as f64 * channels.max(units) as f64);
        Some(InitMoments::of_share(self.gain, share))
    }

    fn draws(&self, _: &Param) -> Draws {
        Draws::Identity
    }
}

/// The rows and columns of a convolution's kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kernel {
    of: &'static str,
    rows: usize,
    cols: usize,
}

/// The middle tap of a convolution's weight.
struct Centre {
    /// The first row of the weight that belongs to it: one a channel.
    first_row: usize,
    /// How many channels, and units, a group has.
    channels: usize,
    units: usize,
    groups: usize,
}

impl Kernel {
    fn new(of: &'static str, (rows, cols): (usize, usize)) -> Result<Self, Error> {
        Error::at_least_one(of, "kernel.rows", rows)?;
        Error::at_least_one(of, "kernel.cols", cols)?;
        let fine = rows.checked_mul(cols).is_some();
        Error::require(fine, of, "kernel.rows", rows as f64, "a number whose product with the columns can be counted")?;
        Ok(Self { of, rows, cols })
    }

    fn taps(&self) -> usize {
        self.rows * self.cols
    }

    /// Where the middle tap stands in a weight with a row a tap and channel, and a column a unit.
    fn centre(&self, param: &Param) -> Result<Centre, Error> {
        let (of, taps, fan_out) = (self.of, self.taps(), param.fans.fan_out);
        let require = |fine: bool, must| Error::require(fine, of, "kernel", taps as f64, must).map(drop);
        require(param.unit_axis == 1, "that of a convolution, whose weight has a column a unit")?;
        require(param.rows > 0 && param.rows.is_multiple_of(taps), "of as many taps as the weight has rows a channel")?;
        // Of all units only those of the same group see a channel, so the fan-out tells how many groups there are.
        let links = taps.saturating_mul(param.cols);
        let even = fan_out > 0 && links.is_multiple_of(fan_out) && param.cols.is_multiple_of(links / fan_out);
        require(links > 0 && even, "of as many taps as the weight's fan-out has a unit")?;
        let (groups, channels) = (links / fan_out, param.rows / taps);
        let middle = (self.rows - 1) / 2 * self.cols + (self.cols - 1) / 2;
        Ok(Centre { first_row: middle * channels, channels, units: param.cols / groups, groups })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fans;

    fn convolution(kernel: (usize, usize), channels: usize, units: usize, groups: usize) -> Param {
        let taps = kernel.0 * kernel.1;
        let fans = Fans { fan_in: taps * channels / groups, fan_out: taps * units / groups };
        Param { fans, ..Param::weight(taps * channels / groups, units) }
    }

    fn filled(initializer: &dyn Initializer<f64>, param: &Param) -> Result<Vec<f64>, Error> {
        let mut out = vec![f64::NAN; param.rows * param.cols];
        initializer.fill(param, &mut out, &mut Generator::named(1, "w")).map(|()| out)
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for gain in [f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            assert!(matches!(DeltaOrthogonal::new((3, 3), gain), Err(Error::Argument { argument: "gain", .. })));
            assert!(matches!(Dirac::new((3, 3), gain), Err(Error::Argument { argument: "gain", .. })));
        }
        assert!(matches!(Dirac::new((0, 3), 1.0), Err(Error::Argument { argument: "kernel.rows", .. })));
        assert!(matches!(Dirac::new((3, 0), 1.0), Err(Error::Argument { argument: "kernel.cols", .. })));
        assert!(Dirac::new((usize::MAX, 2), 1.0).is_err());
        let delta = DeltaOrthogonal::new((3, 3), 1.0).unwrap();
        let more_in_than_out = filled(&delta, &convolution((3, 3), 8, 4, 1));
        assert!(matches!(more_in_than_out, Err(Error::Argument { argument: "channels", value: 8.0, .. })));
        for other in [Param::weight(18, 4), Param::weight(10, 4), Param::bias(9), Param::weight(0, 4)] {
            assert!(matches!(filled(&delta, &other), Err(Error::Argument { argument: "kernel", .. })), "{other:?}");
        }
    }

    #[test]
    fn only_the_middle_tap_and_that_orthogonal() {
        for (kernel, channels, units, groups) in
            [((3, 3), 4, 6, 1), ((1, 1), 5, 5, 1), ((2, 4), 3, 7, 1), ((3, 5), 6, 8, 2), ((3, 3), 4, 4, 4)]
        {
            let param = convolution(kernel, channels, units, groups);
            let out = filled(&DeltaOrthogonal::new(kernel, 0.5).unwrap(), &param).unwrap();
            let middle = (kernel.0 - 1) / 2 * kernel.1 + (kernel.1 - 1) / 2;
            let (channels, units) = (channels / groups, units / groups);
            let row = |channel: usize, group: usize| {
                &out[(middle * channels + channel) * param.cols + group * units..][..units]
            };
            for group in 0..groups {
                for (a, b) in (0..channels).flat_map(|a| (0..channels).map(move |b| (a, b))) {
                    let dot: f64 = row(a, group).iter().zip(row(b, group)).map(|(a, b)| a * b).sum();
                    assert!((dot - if a == b { 0.25 } else { 0.0 }).abs() < 1e-14, "{kernel:?}");
                }
            }
            let outside = out.chunks_exact(channels * param.cols).enumerate().filter(|(tap, _)| *tap != middle);
            assert!(outside.flat_map(|(_, tap)| tap).all(|w| *w == 0.0));
            // As the moments have it, exactly.
            let moments = Initializer::<f64>::moments(&DeltaOrthogonal::new(kernel, 0.5).unwrap(), &param).unwrap();
            let mean_square = out.iter().map(|w| w * w).sum::<f64>() / out.len() as f64;
            assert!((mean_square / moments.variance - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn dirac_as_other_libraries_have_it() {
        // torch.nn.init.dirac_ of a 4 x 2 x 3 weight with two groups: units 0 and 2 pass channel 0 of their group on, 1 and 3 channel 1.
        let out = filled(&Dirac::new((1, 3), 1.0).unwrap(), &convolution((1, 3), 4, 4, 2)).unwrap();
        let mut expected = vec![0.0; 3 * 2 * 4];
        for (channel, unit) in [(0, 0), (1, 1), (0, 2), (1, 3)] {
            expected[(2 + channel) * 4 + unit] = 1.0;
        }
        assert_eq!(out, expected);
        // Of an even kernel the tap is (k - 1) / 2, where Padding::Same puts the pixel; torch.nn.init.dirac_ has it at k / 2.
        let even = filled(&Dirac::new((1, 4), 1.0).unwrap(), &convolution((1, 4), 2, 2, 1)).unwrap();
        let ones: Vec<usize> = (0..even.len()).filter(|&at| even[at] != 0.0).collect();
        assert_eq!(ones, [4, 7]);
    }

    #[test]
    fn the_moments_of_dirac_are_those_of_its_entries() {
        for (channels, units, groups) in [(2, 2, 1), (3, 7, 1), (7, 3, 1), (4, 6, 2)] {
            let (dirac, param) = (Dirac::new((3, 2), 2.0).unwrap(), convolution((3, 2), channels, units, groups));
            let out = filled(&dirac, &param).unwrap();
            let mean = out.iter().sum::<f64>() / out.len() as f64;
            let variance = out.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / out.len() as f64;
            let moments = Initializer::<f64>::moments(&dirac, &param).unwrap();
            assert!((moments.mean - mean).abs() < 1e-15 && (moments.variance - variance).abs() < 1e-14);
        }
    }
}
