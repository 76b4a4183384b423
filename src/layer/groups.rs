//! A row as groups of equally many numbers: steps of a sequence, positions of an image, heads of an attention.

use crate::Error;
use crate::linalg::{PIECE, half};

/// How many groups of `width` numbers there are among `count`; where the last one is not whole, an error that says what would be.
pub(super) fn groups(
    of: &'static str,
    argument: &'static str,
    what: &'static str,
    count: usize,
    width: usize,
) -> Result<usize, Error> {
    Error::at_least_one(of, argument, width)?;
    let whole = count.checked_next_multiple_of(width).unwrap_or(count - count % width);
    Error::same_size(what, whole, count)?;
    Ok(count / width)
}

/// Where to cut so many numbers into two for a second thread: between two groups, and only where there is enough for both.
pub(super) fn cut(len: usize, width: usize) -> Option<usize> {
    let at = half(len) / width * width;
    (len > PIECE && at > 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_groups_and_says_what_would_be_whole() {
        assert_eq!(groups("A", "width", "a row", 12, 3), Ok(4));
        assert_eq!(groups("A", "width", "a row", 13, 3), Err(Error::Size { what: "a row", expected: 15, found: 13 }));
        assert!(matches!(groups("A", "width", "a row", 13, 0), Err(Error::Argument { argument: "width", .. })));
        assert!(groups("A", "width", "a row", usize::MAX, usize::MAX - 1).is_err());
    }

    #[test]
    fn cuts_between_groups() {
        assert_eq!((cut(PIECE, 1), cut(4 * PIECE, 5 * PIECE)), (None, None));
        assert_eq!((cut(4 * PIECE, 3), cut(2 * PIECE, PIECE)), (Some(2 * PIECE / 3 * 3), Some(PIECE)));
    }
}
