//! `Rows` and `RowsMut`: a borrowed matrix of rows.

use crate::Error;

/// A borrowed matrix of rows: one example a row, contiguous, row-major. The only data between layers.
///
/// ```
/// use evenkeel::Rows;
/// let x = Rows::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3)?;
/// assert_eq!((x.rows(), x.cols()), (2, 3));
/// assert_eq!(x.row(1), [4.0, 5.0, 6.0]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows<'a, T> {
    data: &'a [T],
    cols: usize,
}

impl<'a, T> Rows<'a, T> {
    /// A matrix of rows of `cols` numbers each.
    ///
    /// # Errors
    /// [`Error::Empty`] where `cols` is 0; [`Error::Size`] where `data` does not end with a whole row.
    pub fn new(data: &'a [T], cols: usize) -> Result<Self, Error> {
        whole_rows(data.len(), cols)?;
        Ok(Self { data, cols })
    }

    /// A matrix whose shape the crate itself has made sure of.
    pub(crate) fn of(data: &'a [T], cols: usize) -> Self {
        debug_assert!(cols > 0 && data.len().is_multiple_of(cols));
        Self { data, cols }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.data.len() / self.cols
    }

    /// How many numbers a row has.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All numbers, row after row.
    pub fn data(&self) -> &'a [T] {
        self.data
    }

    /// One row. Panics, as slices do, where `row` is not below [`rows`](Self::rows).
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.data[row * self.cols..(row + 1) * self.cols]
    }

    /// The rows, one after the other.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, T> {
        self.data.chunks_exact(self.cols)
    }
}

/// A mutably borrowed matrix of rows; the writable twin of [`Rows`].
///
/// ```
/// use evenkeel::RowsMut;
/// let mut data = [0.0; 6];
/// let mut y = RowsMut::new(&mut data, 3)?;
/// y.row_mut(1)[2] = 7.0;
/// assert_eq!(data[5], 7.0);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, PartialEq)]
pub struct RowsMut<'a, T> {
    data: &'a mut [T],
    cols: usize,
}

impl<'a, T> RowsMut<'a, T> {
    /// A writable matrix of rows of `cols` numbers each.
    ///
    /// # Errors
    /// [`Error::Empty`] where `cols` is 0; [`Error::Size`] where `data` does not end with a whole row.
    pub fn new(data: &'a mut [T], cols: usize) -> Result<Self, Error> {
        whole_rows(data.len(), cols)?;
        Ok(Self { data, cols })
    }

    /// A matrix whose shape the crate itself has made sure of.
    pub(crate) fn of(data: &'a mut [T], cols: usize) -> Self {
        debug_assert!(cols > 0 && data.len().is_multiple_of(cols));
        Self { data, cols }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.data.len() / self.cols
    }

    /// How many numbers a row has.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All numbers, row after row.
    pub fn data_mut(&mut self) -> &mut [T] {
        self.data
    }

    /// One row. Panics, as slices do, where `row` is not below [`rows`](Self::rows).
    pub fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.data[row * self.cols..(row + 1) * self.cols]
    }

    /// The rows, one after the other.
    pub fn iter_mut(&mut self) -> std::slice::ChunksExactMut<'_, T> {
        self.data.chunks_exact_mut(self.cols)
    }

    /// The same rows, to read.
    pub fn as_rows(&self) -> Rows<'_, T> {
        Rows { data: self.data, cols: self.cols }
    }

    /// The same rows, borrowed anew: to pass them on and keep them.
    pub fn reborrow(&mut self) -> RowsMut<'_, T> {
        RowsMut { data: self.data, cols: self.cols }
    }
}

fn whole_rows(len: usize, cols: usize) -> Result<(), Error> {
    if cols == 0 {
        return Err(Error::Empty { what: "a row" });
    }
    Error::same_size("the numbers of the last row", cols, if len.is_multiple_of(cols) { cols } else { len % cols })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_whole_rows() {
        assert_eq!(Rows::new(&[1.0; 6], 0), Err(Error::Empty { what: "a row" }));
        let short = Error::Size { what: "the numbers of the last row", expected: 4, found: 2 };
        assert_eq!(Rows::new(&[1.0; 6], 4), Err(short.clone()));
        assert_eq!(RowsMut::new(&mut [1.0; 6], 4), Err(short));
    }

    #[test]
    fn no_rows_are_rows() {
        let none = Rows::<f32>::new(&[], 3).unwrap();
        assert_eq!((none.rows(), none.cols()), (0, 3));
    }
}
