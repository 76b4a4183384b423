//! `Lengths`: how many steps each row of a pass has.

use crate::Error;

/// How many steps each row of the next pass has, and of the one at hand; none where all steps are there.
#[derive(Debug)]
pub(super) struct Lengths {
    lengths: Vec<usize>,
    capacity: usize,
    /// Whether they are those of a pass to come.
    ahead: bool,
}

impl Lengths {
    /// Room for those of so many rows.
    pub(super) fn of_up_to(rows: usize) -> Result<Self, Error> {
        let mut lengths = Vec::new();
        let bytes = rows.saturating_mul(size_of::<usize>()) as u64;
        lengths.try_reserve_exact(rows).map_err(|_| Error::OutOfMemory { what: "the lengths of a batch", bytes })?;
        Ok(Self { lengths, capacity: rows, ahead: false })
    }

    /// Takes those of the next pass.
    pub(super) fn set(&mut self, lengths: impl ExactSizeIterator<Item = usize>) -> Result<(), Error> {
        if lengths.len() > self.capacity {
            let (expected, found) = (self.capacity, lengths.len());
            return Err(Error::Size { what: "the lengths of a batch", expected, found });
        }
        self.lengths.clear();
        self.lengths.extend(lengths);
        self.ahead = !self.lengths.is_empty();
        Ok(())
    }

    /// Begins a pass over so many rows.
    pub(super) fn begin(&mut self, rows: usize) -> Result<(), Error> {
        if !std::mem::take(&mut self.ahead) {
            self.lengths.clear();
            return Ok(());
        }
        let fits = Error::same_size("the lengths of a batch", rows, self.lengths.len());
        fits.inspect_err(|_| self.lengths.clear())
    }

    /// Those of the pass at hand.
    pub(super) fn of_pass(&self) -> &[usize] {
        &self.lengths
    }
}
