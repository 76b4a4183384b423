//! `Levels`: norms in a few steps of brightness.

use crate::Bin;

/// What a cell of a heat map shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Level {
    /// From 0, the lowest.
    Of(usize),
    /// Nothing but zeros.
    Zero,
    /// Nothing that is finite.
    NotFinite,
}

/// Steps of equal ratio between the smallest and the largest mean that is finite and above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    range: Option<(f64, f64)>,
    count: usize,
}

impl Levels {
    /// `count` levels for these bins.
    pub(super) fn of<'a>(bins: impl Iterator<Item = &'a Bin>, count: usize) -> Self {
        let means = bins.filter(|bin| bin.count > 0 && bin.mean > 0.0 && bin.mean.is_finite()).map(|bin| bin.mean);
        let range = means.fold(None, |range: Option<(f64, f64)>, mean| {
            Some(range.map_or((mean, mean), |(low, high)| (low.min(mean), high.max(mean))))
        });
        Self { range, count }
    }

    /// The smallest of the means.
    pub(super) fn lowest(&self) -> Option<f64> {
        self.range.map(|(low, _)| low)
    }

    /// The largest of the means.
    pub(super) fn highest(&self) -> Option<f64> {
        self.range.map(|(_, high)| high)
    }

    /// The level of a bin.
    pub(super) fn of_bin(&self, bin: &Bin) -> Level {
        let Some((low, high)) = self.range.filter(|_| bin.mean > 0.0) else {
            return if bin.count > 0 { Level::Zero } else { Level::NotFinite };
        };
        if bin.count == 0 {
            return Level::NotFinite;
        }
        let (low, high) = (low.log10(), high.log10());
        // Where all are the same there is no low and no high.
        let share = if high > low { (bin.mean.log10() - low) / (high - low) } else { 0.5 };
        Level::Of(((share * self.count as f64) as usize).min(self.count.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Series;

    fn bin(value: f64) -> Bin {
        let mut series = Series::new();
        series.push(0, value);
        series.bins()[0]
    }

    #[test]
    fn levels_are_of_equal_ratio() {
        let bins = [1e-4, 1.1e-3, 1.1e-2, 0.11, 1.0, 0.0, f64::NAN, f64::INFINITY].map(bin);
        let levels = Levels::of(bins.iter(), 4);
        let found: Vec<Level> = bins.iter().map(|bin| levels.of_bin(bin)).collect();
        let expected = [0, 1, 2, 3, 3].map(Level::Of);
        assert_eq!(found[..5], expected);
        assert_eq!(found[5..], [Level::Zero, Level::NotFinite, Level::NotFinite]);
        assert_eq!((levels.lowest(), levels.highest()), (Some(1e-4), Some(1.0)));
    }

    #[test]
    fn what_is_the_same_everywhere_is_in_the_middle() {
        let bins = [bin(3.0), bin(3.0)];
        assert_eq!(Levels::of(bins.iter(), 9).of_bin(&bins[0]), Level::Of(4));
        assert_eq!(Levels::of([bin(0.0)].iter(), 9).of_bin(&bin(0.0)), Level::Zero);
    }
}
