//! `Columns`: the steps that are drawn as one column, the same for all series of a picture.

use crate::{Bin, Series};

/// Runs of steps, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// The first step of each, ascending; none is empty.
    starts: Vec<u64>,
    /// The step after the last one.
    end: u64,
}

impl Columns {
    /// At most `most` columns that hold all of these series; as many as the finest of them has bins where that are not more. `None` where
    /// nothing was recorded.
    pub(super) fn of<'a>(series: impl Iterator<Item = &'a Series>, most: usize) -> Option<Self> {
        let (mut starts, mut last) = (Vec::new(), 0);
        for series in series {
            starts.extend(series.bins().iter().map(|bin| bin.first_step));
            last = last.max(last_step(series));
        }
        starts.sort_unstable();
        starts.dedup();
        while starts.len() > most.max(1) {
            let mut index = 0;
            starts.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        let end = last.saturating_add(1);
        (!starts.is_empty()).then_some(Self { starts, end })
    }

    /// The first and the last step of each.
    pub(super) fn spans(&self) -> impl Iterator<Item = (u64, u64)> {
        let next = self.starts.iter().skip(1).copied().chain([self.end]);
        self.starts.iter().zip(next).map(|(&start, next)| (start, next.saturating_sub(1).max(start)))
    }

    /// What a series has in each column: the bins that begin there, or else the one that reaches there.
    pub(super) fn cells(&self, series: &Series) -> Vec<Option<Bin>> {
        let spans: Vec<(u64, u64, Bin)> = spans(series).collect();
        let cell = |(first, last): (u64, u64)| {
            let begins = spans.iter().filter(|(start, ..)| (first..=last).contains(start)).map(|(.., bin)| *bin);
            let reaches =
                || spans.iter().rfind(|&&(start, end, _)| start < first && end >= first).map(|(.., bin)| *bin);
            begins.reduce(Bin::merge).or_else(reaches)
        };
        self.spans().map(cell).collect()
    }
}

/// The bins of a series, each with its first and last step.
pub(super) fn spans(series: &Series) -> impl Iterator<Item = (u64, u64, Bin)> {
    let bins = series.bins();
    let ends = bins.iter().skip(1).map(|bin| bin.first_step.saturating_sub(1)).chain([last_step(series)]);
    bins.iter().zip(ends).map(|(bin, end)| (bin.first_step, end.max(bin.first_step), *bin))
}

/// The step of the last value; 0 where there is none.
pub(super) fn last_step(series: &Series) -> u64 {
    series.recent().next_back().map_or(0, |(step, _)| step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(steps: impl Iterator<Item = u64>) -> Series {
        let mut series = Series::new();
        steps.for_each(|step| series.push(step, step as f64));
        series
    }

    #[test]
    fn every_value_is_in_one_column() {
        for (steps, most) in [(1, 64), (64, 64), (65, 64), (1000, 64), (1000, 20), (1000, 1)] {
            let series = series(0..steps);
            let columns = Columns::of([&series].into_iter(), most).unwrap();
            assert!(columns.starts.len() <= most);
            let cells = columns.cells(&series);
            assert_eq!(cells.iter().flatten().map(|bin| bin.count).sum::<u64>(), steps);
            for (cell, (first, last)) in cells.iter().zip(columns.spans()) {
                let cell = cell.expect("every column has values");
                assert_eq!((cell.smallest, cell.largest), (first as f64, last as f64));
            }
        }
    }

    #[test]
    fn a_series_that_is_looked_at_seldom_reaches_as_far_as_to_its_next_value() {
        let (dense, sparse) = (series(0..30), series([0, 10, 20].into_iter()));
        let columns = Columns::of([&dense, &sparse].into_iter(), 64).unwrap();
        let cells = columns.cells(&sparse);
        assert_eq!((cells[9].unwrap().mean, cells[10].unwrap().mean), (0.0, 10.0));
        assert_eq!((cells[20].unwrap().mean, cells[21]), (20.0, None), "nothing is known after the last value");
    }

    #[test]
    fn nothing_recorded_has_no_columns() {
        assert_eq!(Columns::of([&Series::new()].into_iter(), 64), None);
    }
}
