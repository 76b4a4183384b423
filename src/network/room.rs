//! `Room`: numbers that start at a cache line.

use std::ops::{Deref, DerefMut};

use crate::{Error, Float};

/// A slice of its own whose first number stands at the start of a cache line, so that no vector of a kernel lies across two.
#[derive(Debug)]
pub(super) struct Room<T> {
    /// The numbers, with a line's worth more, of which some stand before the first.
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

/// The bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

impl<T: Float> Room<T> {
    /// Zeros, or an error where the system has no memory for them.
    pub(super) fn zeros(what: &'static str, len: usize) -> Result<Self, Error> {
        let numbers: Vec<T> = allocate(what, len.saturating_add(LINE / size_of::<T>()))?;
        Ok(Self { start: start_of_line(&numbers), numbers, len })
    }
}

impl<T> Deref for Room<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Room<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}

impl<T: Clone> Clone for Room<T> {
    /// The same numbers, at a line of their own. As with any clone, there is no error to return where memory is short.
    fn clone(&self) -> Self {
        let mut numbers = self.numbers.clone();
        let start = start_of_line(&numbers);
        numbers[start..start + self.len].clone_from_slice(self);
        Self { numbers, start, len: self.len }
    }

    fn clone_from(&mut self, other: &Self) {
        if self.len == other.len {
            self.clone_from_slice(other);
        } else {
            *self = other.clone();
        }
    }
}

impl<T: PartialEq> PartialEq for Room<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// The first index at which a line starts; there are enough numbers for one.
fn start_of_line<T>(numbers: &[T]) -> usize {
    // Should the system not tell where the numbers stand, they stand anywhere: that costs time, and nothing else.
    numbers.as_ptr().align_offset(LINE).min(LINE / size_of::<T>())
}

/// A vector of zeros, or an error where the system has no memory for it.
pub(super) fn allocate<T: Float>(what: &'static str, len: usize) -> Result<Vec<T>, Error> {
    let mut numbers = Vec::new();
    let bytes = len.saturating_mul(size_of::<T>()) as u64;
    numbers.try_reserve_exact(len).map_err(|_| Error::OutOfMemory { what, bytes })?;
    numbers.resize(len, T::zero());
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_line_and_stays_what_it_is() {
        for len in [0, 1, 15, 1000] {
            let mut room = Room::<f32>::zeros("a test", len).unwrap();
            room.iter_mut().enumerate().for_each(|(at, x)| *x = at as f32);
            let mut other = Room::zeros("a test", 3).unwrap();
            other.clone_from(&room);
            for room in [&room, &room.clone(), &other] {
                assert!(room.as_ptr().addr().is_multiple_of(LINE));
                assert!(room.iter().enumerate().all(|(at, &x)| x == at as f32) && room.len() == len);
            }
            assert_eq!(room, other);
        }
    }
}
