//! `Series`: the history of one number, in bounded memory.

/// Some consecutive values of a series, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The training step of its first value.
    pub first_step: u64,
    /// How many of its values are finite: those that the next three speak of.
    pub count: u64,
    /// Their mean; 0 where there is none.
    pub mean: f64,
    /// The smallest of them; infinite where there is none.
    pub smallest: f64,
    /// The largest of them; minus infinity where there is none.
    pub largest: f64,
    /// How many of its values are NaN or infinite.
    pub non_finite: u64,
}

impl Bin {
    fn starting(first_step: u64) -> Self {
        let (smallest, largest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { first_step, count: 0, mean: 0.0, smallest, largest, non_finite: 0 }
    }

    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.non_finite += 1;
            return;
        }
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
    }

    /// Of both together, the other one following this.
    pub(crate) fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = if count == 0 { 0.0 } else { later.count as f64 / count as f64 };
        Self {
            first_step: self.first_step,
            count,
            mean: self.mean + (later.mean - self.mean) * share,
            smallest: self.smallest.min(later.smallest),
            largest: self.largest.max(later.largest),
            non_finite: self.non_finite + later.non_finite,
        }
    }
}

/// The history of one number over a whole run, in bounded memory.
///
/// At most [`Series::BINS`] bins, each with count, mean, smallest and largest; when they are full, neighbours are merged and every bin
/// holds twice as many values. The first and the last [`Series::RECENT`] values are kept exactly. A value that is not finite is counted
/// and never averaged. About 4 KB, all of it taken when the series is made, however long the run.
///
/// ```
/// use evenkeel::Series;
/// let mut loss = Series::new();
/// for step in 0..1_000_000 {
///     loss.push(step, 1.0 / (step + 1) as f64);
/// }
/// assert!(loss.bins().len() <= Series::BINS);
/// assert_eq!((loss.start(), loss.now()), (Some(1.0), Some(1e-6)));
/// assert_eq!((loss.smallest(), loss.largest()), (Some(1e-6), Some(1.0)));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    bins: Vec<Bin>,
    /// How many values a full bin holds.
    span: u64,
    first: Vec<(u64, f64)>,
    /// A ring; `len % RECENT` is where the next value goes.
    recent: Vec<(u64, f64)>,
    len: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
    }
}

impl Series {
    /// How many bins there are at most.
    pub const BINS: usize = 64;

    /// How many of the first, and of the last, values are kept exactly.
    pub const RECENT: usize = 32;

    /// A series without values.
    pub fn new() -> Self {
        Self {
            bins: Vec::with_capacity(Self::BINS),
            span: 1,
            first: Vec::with_capacity(Self::RECENT),
            recent: Vec::with_capacity(Self::RECENT),
            len: 0,
        }
    }

    /// Adds the value of a training step. Steps must not go back; several values of one step are fine.
    pub fn push(&mut self, step: u64, value: f64) {
        if self.first.len() < Self::RECENT {
            self.first.push((step, value));
        }
        if self.recent.len() < Self::RECENT {
            self.recent.push((step, value));
        } else {
            self.recent[(self.len % Self::RECENT as u64) as usize] = (step, value);
        }
        self.len += 1;
        let full = self.bins.last().is_none_or(|bin| bin.count + bin.non_finite >= self.span);
        if full && self.bins.len() == Self::BINS {
            for pair in 0..Self::BINS / 2 {
                self.bins[pair] = self.bins[2 * pair].merge(self.bins[2 * pair + 1]);
            }
            self.bins.truncate(Self::BINS / 2);
            self.span *= 2;
        }
        if full {
            self.bins.push(Bin::starting(step));
        }
        if let Some(bin) = self.bins.last_mut() {
            bin.add(value);
        }
    }

    /// The whole history, oldest first.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The first values with their steps, exactly.
    pub fn first(&self) -> &[(u64, f64)] {
        &self.first
    }

    /// The last values with their steps, exactly, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = (u64, f64)> {
        let next = if self.recent.len() < Self::RECENT { 0 } else { (self.len % Self::RECENT as u64) as usize };
        let (newer, older) = self.recent.split_at(next);
        older.iter().chain(newer).copied()
    }

    /// How many values there were.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first value.
    pub fn start(&self) -> Option<f64> {
        self.first.first().map(|&(_, value)| value)
    }

    /// The last value.
    pub fn now(&self) -> Option<f64> {
        self.recent().next_back().map(|(_, value)| value)
    }

    /// The smallest finite value.
    pub fn smallest(&self) -> Option<f64> {
        self.bins.iter().filter(|bin| bin.count > 0).map(|bin| bin.smallest).reduce(f64::min)
    }

    /// The largest finite value.
    pub fn largest(&self) -> Option<f64> {
        self.bins.iter().filter(|bin| bin.count > 0).map(|bin| bin.largest).reduce(f64::max)
    }

    /// The step of the first value above a limit, or of the first that is not finite: exact among the first values, and later on that of the
    /// first value that was summed up with it.
    pub(crate) fn first_above(&self, limit: f64) -> Option<u64> {
        self.first_of(|value| !value.is_finite() || value > limit, |bin| bin.non_finite > 0 || bin.largest > limit)
    }

    /// The same, of the first value below a limit.
    pub(crate) fn first_below(&self, limit: f64) -> Option<u64> {
        self.first_of(|value| value < limit, |bin| bin.smallest < limit)
    }

    /// The step of the first value of those that have been above a limit to the end: exact among the last values, and earlier on that of the
    /// first value that was summed up with it. `None` where the last value is not above it.
    pub(crate) fn stays_above(&self, limit: f64) -> Option<u64> {
        let above = self.recent().rev().take_while(|(_, value)| *value > limit);
        let exact = above.map(|(step, _)| step).last()?;
        let oldest = self.recent().next().map_or(0, |(step, _)| step);
        if exact > oldest {
            return Some(exact);
        }
        let bins = self.bins.iter().rev().take_while(|bin| bin.non_finite == 0 && bin.smallest > limit);
        Some(bins.map(|bin| bin.first_step).last().map_or(exact, |first| first.min(exact)))
    }

    fn first_of(&self, value: impl Fn(f64) -> bool, bin: impl Fn(&Bin) -> bool) -> Option<u64> {
        let known = self.first.iter().find(|(_, known)| value(*known)).map(|&(step, _)| step);
        // What the exact values do not have came after them.
        let later = self.first.last().map_or(0, |&(last, _)| last + 1);
        known.or_else(|| self.bins.iter().find(|known| bin(known)).map(|bin| bin.first_step.max(later)))
    }

    /// How many values are NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.bins.iter().map(|bin| bin.non_finite).sum()
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        let exact = self.first.capacity() + self.recent.capacity();
        self.bins.capacity() * size_of::<Bin>() + exact * size_of::<(u64, f64)>()
    }

    /// The median of the last values, those that are not finite left out.
    pub fn recent_median(&self) -> Option<f64> {
        median(self.recent().map(|(_, value)| value))
    }
}

/// The median of the finite ones of these values.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A series is written as its summary numbers and its bins; what is not finite becomes null.
#[cfg(feature = "serde")]
impl serde::Serialize for Series {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let mut fields = serializer.serialize_struct("Series", 6)?;
        fields.serialize_field("start", &finite(self.start()))?;
        fields.serialize_field("now", &finite(self.now()))?;
        fields.serialize_field("smallest", &self.smallest())?;
        fields.serialize_field("largest", &self.largest())?;
        fields.serialize_field("non_finite", &self.non_finite())?;
        fields.serialize_field("bins", &self.bins)?;
        fields.end()
    }
}

/// A bin without a finite value has null for mean, smallest and largest.
#[cfg(feature = "serde")]
impl serde::Serialize for Bin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let known = |value: f64| (self.count > 0).then_some(value);
        let mut fields = serializer.serialize_struct("Bin", 6)?;
        fields.serialize_field("first_step", &self.first_step)?;
        fields.serialize_field("count", &self.count)?;
        fields.serialize_field("mean", &known(self.mean))?;
        fields.serialize_field("smallest", &known(self.smallest))?;
        fields.serialize_field("largest", &known(self.largest))?;
        fields.serialize_field("non_finite", &self.non_finite)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_keeping_everything(values in proptest::collection::vec(-1e3_f64..1e3, 1..2000)) {
            let mut series = Series::new();
            values.iter().enumerate().for_each(|(step, &value)| series.push(step as u64, value));
            prop_assert!(series.bins().len() <= Series::BINS);
            prop_assert_eq!(series.bins().iter().map(|bin| bin.count).sum::<u64>(), values.len() as u64);
            let mean: f64 = series.bins().iter().map(|bin| bin.mean * bin.count as f64).sum::<f64>() / values.len() as f64;
            let expected = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((mean - expected).abs() < 1e-9);
            prop_assert_eq!(series.smallest(), values.iter().copied().reduce(f64::min));
            prop_assert_eq!(series.largest(), values.iter().copied().reduce(f64::max));
            let last: Vec<f64> = series.recent().map(|(_, value)| value).collect();
            prop_assert_eq!(&last[..], &values[values.len().saturating_sub(Series::RECENT)..]);
            for (bin, next) in series.bins().iter().zip(&series.bins()[1..]) {
                let own = &values[bin.first_step as usize..next.first_step as usize];
                prop_assert_eq!(own.len() as u64, bin.count);
                prop_assert_eq!(own.iter().copied().reduce(f64::max), Some(bin.largest));
            }
        }
    }

    #[test]
    fn the_first_step_of_something_is_never_before_it() {
        for there in [0, 5, 31, 32, 40, 700, 999] {
            let (mut high, mut low, mut broken) = (Series::new(), Series::new(), Series::new());
            for step in 0..1000 {
                high.push(step, if step < there { 1.0 } else { 3.0 });
                low.push(step, if step < there { 3.0 } else { 1.0 });
                broken.push(step, if step < there { 1.0 } else { f64::NAN });
            }
            // A bin holds sixteen of a thousand steps.
            let near = |found: Option<u64>| found.is_some_and(|step| step + 16 > there && step <= there);
            assert!(
                near(high.first_above(2.0)) && near(low.first_below(2.0)) && near(broken.first_above(2.0)),
                "{there}"
            );
            if there < Series::RECENT as u64 {
                assert_eq!(high.first_above(2.0), Some(there));
            }
            assert_eq!((high.first_above(3.0), low.first_below(1.0)), (None, None));
            // And where it came back, it is since it came for good: no sooner, and at most the rest of a bin later.
            let stays = high.stays_above(2.0).unwrap();
            assert!(stays >= there && stays < there + 16, "{stays}, {there}");
            assert_eq!(low.stays_above(2.0), None);
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_and_not_averaged() {
        let mut series = Series::new();
        for step in 0..1000 {
            series.push(step, if step % 10 == 3 { f64::NAN } else { 2.0 });
        }
        assert_eq!(series.non_finite(), 100);
        assert!(series.bins().iter().all(|bin| bin.mean == 2.0));
        assert_eq!((series.smallest(), series.largest()), (Some(2.0), Some(2.0)));
    }

    #[test]
    fn takes_all_its_memory_at_once() {
        let mut series = Series::new();
        let capacities = |s: &Series| (s.bins.capacity(), s.first.capacity(), s.recent.capacity());
        let before = capacities(&series);
        (0..100_000).for_each(|step| series.push(step, 1.0));
        assert_eq!(capacities(&series), before);
    }
}
