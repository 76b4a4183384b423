//! How large an update was, told from the numbers before and after it: for loops whose optimizer does not say.

use super::{Monitor, ParameterId};
use crate::linalg::{Norm, norm};
use crate::{Error, Float};

impl Monitor {
    /// As [`weights`](Self::weights), for an update whose norm is not known: that of `after - before`.
    ///
    /// A step that is not [looked at](Self::looking) in full takes nothing from it, so that the numbers need to be copied before an update
    /// on the others only: a number that stops being finite in between shows in the next gradient.
    ///
    /// ```
    /// use evenkeel::{Monitor, Param};
    /// let mut monitor = Monitor::new();
    /// // As most frameworks keep it: a row a unit.
    /// let id = monitor.watch_parameter("hidden", &Param::weight_by_rows(2, 3));
    /// monitor.begin(0);
    /// if monitor.looking() {
    ///     monitor.updated(id, &[3.0_f32, 0.0, 4.0, 0.0, 0.0, 0.0], &[3.0, 0.0, 4.0, 0.3, 0.0, 0.4])?;
    /// }
    /// monitor.end(1.0);
    /// let ratio = monitor.report().layers[0].update_ratio.now();
    /// assert!(ratio.is_some_and(|ratio| (ratio - 0.5 / 25.25_f64.sqrt()).abs() < 1e-7));
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`] where there are not as many numbers as the parameter has; [`Error::Foreign`] for another monitor's name.
    pub fn updated<T: Float>(&mut self, id: ParameterId, before: &[T], after: &[T]) -> Result<(), Error> {
        Error::same_size("the numbers before an update", after.len(), before.len())?;
        self.weights(id, after, if self.looking { distance(before, after) } else { 0.0 })
    }
}

/// The norm of the differences, which `f64` holds without a rounding that counts, block by block.
fn distance<T: Float>(before: &[T], after: &[T]) -> f64 {
    const BLOCK: usize = 512;
    let blocks = before.chunks(BLOCK).zip(after.chunks(BLOCK)).map(|(before, after)| {
        let mut differences = [0.0; BLOCK];
        let pairs = before.iter().zip(after);
        differences.iter_mut().zip(pairs).for_each(|(difference, (b, a))| *difference = a.get() - b.get());
        norm(&differences)
    });
    Norm::joined(blocks).value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Param;

    #[test]
    fn the_distance_is_that_of_all_numbers_together() {
        for len in [1, 511, 512, 513, 2000] {
            let before: Vec<f32> = (0..len).map(|at| (at as f32 * 0.7).sin()).collect();
            let after: Vec<f32> = before.iter().map(|x| x + 0.25).collect();
            let plain = before.iter().zip(&after).map(|(&b, &a)| f64::from(a) - f64::from(b));
            let plain = plain.map(|d| d * d).sum::<f64>().sqrt();
            // A sum of some thousand squares loses at most as many roundings.
            assert!((distance(&before, &after) - plain).abs() <= plain * len as f64 * f64::EPSILON, "{len}");
            assert_eq!(distance(&after, &after), 0.0);
        }
        // Beyond what squares can be.
        let far = distance(&[0.0, 3e200], &[4e200, 0.0]);
        assert!((far / 5e200 - 1.0).abs() < 4.0 * f64::EPSILON, "{far}");
        assert!(distance(&[0.0_f32, 1.0], &[f32::NAN, 1.0]).is_nan());
    }

    #[test]
    fn another_size_is_refused() {
        let mut monitor = Monitor::new();
        let id = monitor.watch_parameter("layer", &Param::bias(2));
        monitor.begin(0);
        assert!(matches!(monitor.updated(id, &[1.0], &[1.0, 2.0]), Err(Error::Size { expected: 2, found: 1, .. })));
        assert!(matches!(monitor.updated(id, &[1.0; 3], &[1.0; 3]), Err(Error::Size { expected: 2, found: 3, .. })));
    }
}
