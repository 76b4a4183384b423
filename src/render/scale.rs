//! `Scale`: from values to places on a picture, and the round values that are written beside it.

/// Maps values to places. Whatever the values are, finite ones get places within the scale, and others none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    kind: Kind,
    /// Of what the kind makes of the values.
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Linear,
    /// By the decimal logarithm; what is not above 0 lies at the lower end.
    Log,
    /// By `sign(v) log10(1 + |v| / 10^unit)`: linear about 0, logarithmic far from it.
    SignedLog {
        unit: f64,
    },
}

/// A round value, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// How many round values are aimed at.
const TICKS: f64 = 6.0;

impl Scale {
    /// A linear scale over the finite ones of these values; some room about them where they are all the same.
    pub(super) fn linear(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = range(values).unwrap_or((0.0, 1.0));
        if low == high {
            let room = (0.05 * low.abs()).max(0.5);
            (low, high) = ((low - room).max(f64::MIN), (high + room).min(f64::MAX));
        }
        Self { kind: Kind::Linear, low, high, from: 0.0, to: 1.0 }
    }

    /// A logarithmic scale over the finite and positive ones of these values, in whole decades.
    pub(super) fn log(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values.filter(|&value| value > 0.0)).unwrap_or((1.0, 10.0));
        let low = near_whole(low.log10()).floor();
        let high = near_whole(high.log10()).ceil().max(low + 1.0);
        Self { kind: Kind::Log, low, high, from: 0.0, to: 1.0 }
    }

    /// Logarithmic where all values are positive and span more than two decades, else linear.
    pub(super) fn fitting(values: impl Iterator<Item = f64> + Clone) -> Self {
        match range(values.clone()) {
            Some((low, high)) if low > 0.0 && high / low > 100.0 => Self::log(values),
            _ => Self::linear(values),
        }
    }

    /// For values of both signs, of which `finest` is the smallest size worth seeing: linear unless some are beyond a hundred times that.
    pub(super) fn signed(values: impl Iterator<Item = f64> + Clone, finest: f64) -> Self {
        let Some((low, high)) = range(values.clone()) else { return Self::linear(values) };
        let largest = low.abs().max(high.abs());
        if !(finest > 0.0 && largest / finest > 100.0) {
            return Self::linear(values);
        }
        let kind = Kind::SignedLog { unit: near_whole(finest.log10()).floor() };
        let mut scale = Self { kind, low: 0.0, high: 0.0, from: 0.0, to: 1.0 };
        (scale.low, scale.high) = (scale.inner(low).min(0.0), scale.inner(high).max(0.0));
        scale
    }

    /// The same scale between two places.
    pub(super) fn between(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    /// Whether equal ratios are equal distances.
    pub(super) fn is_log(&self) -> bool {
        self.kind == Kind::Log
    }

    /// Where a value is; `None` where it is not finite. What is beyond an end lies at that end.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        value.is_finite().then(|| self.place(self.inner(value)))
    }

    /// Round values, in order.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        match self.kind {
            Kind::Linear => self.round_values(0.0),
            Kind::Log => self.decades(),
            Kind::SignedLog { unit } => self.signed_decades(unit),
        }
    }

    /// As [`ticks`](Self::ticks) of a linear scale, but whole numbers only.
    pub(super) fn whole_ticks(&self) -> Vec<Tick> {
        self.round_values(1.0)
    }

    fn inner(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Linear => value,
            Kind::Log if value > 0.0 => value.log10(),
            Kind::Log => self.low,
            Kind::SignedLog { .. } if value == 0.0 => 0.0,
            Kind::SignedLog { unit } => {
                let decades = value.abs().log10() - unit;
                // From here on the 1 is below the rounding; and no power that overflows is needed.
                let size = if decades > 16.0 { decades } else { (1.0 + ten_to(decades)).log10() };
                size.copysign(value)
            }
        }
    }

    fn place(&self, inner: f64) -> f64 {
        // Halves, as the difference of two finite numbers may not be finite.
        let share = (inner / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        let share = if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) };
        self.from + share * (self.to - self.from)
    }

    fn round_values(&self, smallest_step: f64) -> Vec<Tick> {
        let rough = (self.high / TICKS - self.low / TICKS).max(f64::MIN_POSITIVE);
        let size = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * size).into_iter().find(|&step| step >= 0.7 * rough);
        let step = step.unwrap_or(rough).max(smallest_step);
        let first = (self.low / step).ceil();
        let multiples = (0..3 * TICKS as usize).map(|index| (first + index as f64) * step);
        let inside = multiples.take_while(|&value| value <= self.high && value.is_finite());
        let mut ticks: Vec<Tick> =
            inside.map(|value| Tick { at: self.place(value), label: round_label(value, step) }).collect();
        ticks.dedup_by(|a, b| a.label == b.label);
        ticks
    }

    fn decades(&self) -> Vec<Tick> {
        let stride = decade_stride(self.high - self.low);
        let first = (self.low / stride).ceil() * stride;
        let exponents = (0..3 * TICKS as usize).map(|index| first + index as f64 * stride);
        let inside = exponents.take_while(|&exponent| exponent <= self.high);
        inside.map(|exponent| Tick { at: self.place(exponent), label: decade_label(exponent) }).collect()
    }

    fn signed_decades(&self, unit: f64) -> Vec<Tick> {
        let stride = decade_stride(self.high - self.low);
        // That of 10^unit itself would be written over the 0.
        let decades = (1..3 * TICKS as usize).map(|index| index as f64 * stride);
        let tick = |sign: f64, decade: f64| {
            // What the formula makes of 10^(unit + decade), of which there may be no such number.
            let inner = sign * (decade + (1.0 + ten_to(-decade)).log10());
            let label = format!("{}{}", if sign < 0.0 { "-" } else { "" }, decade_label(unit + decade));
            // An end that is a power of ten is computed in another way, and may differ by its rounding.
            let rounding = 1e-9;
            (self.low - rounding..=self.high + rounding).contains(&inner).then(|| Tick { at: self.place(inner), label })
        };
        let mut ticks: Vec<Tick> = decades.clone().map_while(|decade| tick(-1.0, decade)).collect();
        ticks.reverse();
        ticks.push(Tick { at: self.place(0.0), label: "0".to_owned() });
        ticks.extend(decades.map_while(|decade| tick(1.0, decade)));
        ticks
    }
}

fn ten_to(exponent: f64) -> f64 {
    10_f64.powf(exponent)
}

/// The smallest and the largest of the finite values.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// An exponent freed of its rounding where it is that of a power of ten.
fn near_whole(exponent: f64) -> f64 {
    if (exponent - exponent.round()).abs() < 1e-9 { exponent.round() } else { exponent }
}

/// How many decades lie between two that are labelled.
fn decade_stride(decades: f64) -> f64 {
    let rough = 0.7 * decades / TICKS;
    [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|&stride| stride >= rough).unwrap_or(200.0)
}

fn decade_label(exponent: f64) -> String {
    match exponent as i32 {
        exponent @ -2..=3 => format!("{}", ten_to(f64::from(exponent))),
        exponent => format!("1e{exponent}"),
    }
}

/// A multiple of a step, with the digits that tell it from its neighbours.
fn round_label(value: f64, step: f64) -> String {
    let exponent = near_whole(step.log10()).floor() as i32;
    let size = value.abs().log10();
    if value == 0.0 {
        "0".to_owned()
    } else if size < 6.0 && (-4..5).contains(&exponent) {
        format!("{value:.*}", (-exponent).max(0) as usize)
    } else {
        let digits = (size.floor() as i32 - exponent).clamp(0, 15) as usize;
        let text = format!("{value:.digits$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa =
            if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
        format!("{mantissa}e{exponent}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|tick| tick.label).collect()
    }

    proptest! {
        #[test]
        fn places_and_ticks_are_within_the_scale_whatever_the_values(values in proptest::collection::vec(any::<f64>(), 0..20)) {
            let all = || values.iter().copied();
            let finest = values.first().map_or(0.0, |value| value.abs());
            for scale in [Scale::linear(all()), Scale::log(all()), Scale::fitting(all()), Scale::signed(all(), finest)] {
                let scale = scale.between(10.0, 90.0);
                for value in all() {
                    prop_assert_eq!(scale.at(value).is_some(), value.is_finite());
                    prop_assert!(scale.at(value).is_none_or(|at| (10.0..=90.0).contains(&at)));
                }
                let ticks = scale.ticks();
                prop_assert!(ticks.len() <= 25);
                prop_assert!(ticks.iter().all(|tick| (10.0..=90.0).contains(&tick.at)));
                prop_assert!(ticks.windows(2).all(|pair| pair[0].at <= pair[1].at));
            }
        }

        #[test]
        fn order_is_kept(mut values in proptest::collection::vec(-1e12_f64..1e12, 2..20)) {
            values.sort_by(f64::total_cmp);
            for scale in [Scale::linear(values.iter().copied()), Scale::signed(values.iter().copied(), 1e-3)] {
                let places: Vec<f64> = values.iter().filter_map(|&value| scale.at(value)).collect();
                prop_assert!(places.windows(2).all(|pair| pair[0] <= pair[1]));
            }
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Scale::linear([0.0, 2.3].into_iter())), ["0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(labels(&Scale::linear([0.0, 3e6].into_iter())), ["0", "5e5", "1e6", "1.5e6", "2e6", "2.5e6", "3e6"]);
        assert_eq!(labels(&Scale::log([2e-4, 0.7].into_iter())), ["1e-4", "1e-3", "0.01", "0.1", "1"]);
        assert_eq!(
            labels(&Scale::log([5e-324, 1e308].into_iter())),
            ["1e-300", "1e-200", "1e-100", "1", "1e100", "1e200", "1e300"]
        );
        assert_eq!(labels(&Scale::signed([-1.0, 1e4].into_iter(), 0.1)), ["-1", "0", "1", "10", "100", "1000", "1e4"]);
    }

    #[test]
    fn three_decades_are_logarithmic_and_one_is_not() {
        assert!(Scale::fitting([1e-3, 1.0].into_iter()).is_log());
        assert!(!Scale::fitting([0.1, 1.0].into_iter()).is_log());
        assert!(!Scale::fitting([0.0, 1e9].into_iter()).is_log(), "zero has no logarithm");
    }
}
