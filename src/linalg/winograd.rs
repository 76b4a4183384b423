//! Winograd's filtering: the sums in which a 3 x 3 convolution takes 16 multiplications for 2 x 2 outputs instead of 36.
//!
//! ```text
//! y = A^T ((G w G^T) * (B^T x B)) A       x 4 x 4, w 3 x 3, y 2 x 2, * entry by entry
//! ```
//!
//! For every channel alike, so in whole vectors. [`see`] takes a square of pixels to 16 numbers: of images by B^T, of weights by G, and of
//! derivatives, on the way back, by A; [`show`] takes 16 numbers to a square, by the transposes of the latter two.

use std::ops::Range;

use super::simd::{Isa, Simd, Work, dispatch};
use super::tile::Start;
use crate::Float;

/// Height, width and channels of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Image {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Image {
    /// How many numbers it has.
    pub(crate) fn numbers(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// How many squares of 2 x 2 it takes to cover it, down and across.
    pub(crate) fn squares(&self) -> (usize, usize) {
        (self.height.div_ceil(2), self.width.div_ceil(2))
    }
}

/// Some squares, counted through all images, each row by row: two rows or columns from one to the next, the first of them `before` the
/// image begins.
#[derive(Debug, Clone)]
pub(crate) struct Squares {
    pub(crate) image: Image,
    pub(crate) of_image: (usize, usize),
    pub(crate) before: (usize, usize),
    pub(crate) range: Range<usize>,
}

impl Squares {
    /// Where each of them begins: the number that its image begins at, its first row and column. Those before the image wrap around.
    #[inline(always)]
    fn places(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let Self { image, of_image: (high, wide), before, range } = self.clone();
        let line = range.start / wide;
        let first = (line / high, line % high, range.start % wide);
        let next = move |&(image, row, col): &(usize, usize, usize)| match (row + 1, col + 1) {
            (_, right) if right < wide => Some((image, row, right)),
            (below, _) if below < high => Some((image, below, 0)),
            _ => Some((image + 1, 0, 0)),
        };
        let places = std::iter::successors(Some(first), next).take(range.len());
        places.map(move |(index, row, col)| {
            (index * image.numbers(), (2 * row).wrapping_sub(before.0), (2 * col).wrapping_sub(before.1))
        })
    }

    /// Panics unless the images of all squares are among so many numbers.
    fn check(&self, numbers: usize) {
        let images = self.range.end.div_ceil(self.of_image.0 * self.of_image.1);
        let fits = self.range.is_empty() || images.checked_mul(self.image.numbers()).is_some_and(|all| all <= numbers);
        assert!(fits, "the images of a convolution were counted when it was planned");
    }
}

/// Takes squares of `SIDE` x `SIDE` pixels, those outside of the image being zero, to 16 numbers each: 16 matrices, each of a row a square
/// and a column a channel. A side of 4 is one of images, of 3 one of weights, of 2 one of derivatives.
pub(crate) fn see<T: Float, const SIDE: usize>(squares: &Squares, x: &[T], to: &mut [T]) {
    squares.check(x.len());
    assert_eq!(to.len(), 16 * squares.range.len() * squares.image.channels, "16 numbers a square and channel");
    dispatch(See::<T, SIDE> { squares, x, to });
}

struct See<'a, T, const SIDE: usize> {
    squares: &'a Squares,
    x: &'a [T],
    to: &'a mut [T],
}

impl<T: Float, const SIDE: usize> Work for See<'_, T, SIDE> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        self.sweep::<T::Lanes<I>>();
    }
}

impl<T: Float, const SIDE: usize> See<'_, T, SIDE> {
    #[inline(always)]
    fn sweep<S: Simd<Number = T>>(self) {
        let Self { squares, x, to } = self;
        let Image { height, width, channels } = squares.image;
        let plane = squares.range.len() * channels;
        // SAFETY: inside `dispatch`.
        let steps = unsafe { Steps::<S>::new() };
        for (index, (image, row, col)) in squares.places().enumerate() {
            for first in (0..channels).step_by(S::LANES) {
                // SAFETY: inside `dispatch`. What is read are pixels of an image, all of which `check` has found there, and what the mask
                // leaves out is not read; what is written are entries of the 16 matrices, as many as `see` has asserted.
                unsafe {
                    let some = S::first(S::LANES.min(channels - first));
                    let mut square = [[S::zero(); SIDE]; SIDE];
                    for (i, line) in square.iter_mut().enumerate() {
                        let row = row.wrapping_add(i);
                        for (j, vector) in line.iter_mut().enumerate() {
                            let col = col.wrapping_add(j);
                            if row < height && col < width {
                                *vector =
                                    S::load_part(x.as_ptr().add(image + (row * width + col) * channels + first), some);
                            }
                        }
                    }
                    let mut lines = [[S::zero(); SIDE]; 4];
                    for j in 0..SIDE {
                        let column = steps.wide::<SIDE>(std::array::from_fn(|i| square[i][j]));
                        for (line, number) in lines.iter_mut().zip(column) {
                            line[j] = number;
                        }
                    }
                    for (i, line) in lines.into_iter().enumerate() {
                        for (j, number) in steps.wide::<SIDE>(line).into_iter().enumerate() {
                            S::store_part(
                                to.as_mut_ptr().add((4 * i + j) * plane + index * channels + first),
                                some,
                                number,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Takes 16 numbers a square and channel, as [`see`] leaves them, to squares of `SIDE` x `SIDE` pixels, of which those inside the image are
/// written. A side of 2 is one of outputs, of 3 one of derivatives by weights.
pub(crate) fn show<T: Float, const SIDE: usize>(squares: &Squares, from: &[T], y: &mut [T], start: Start<'_, T>) {
    squares.check(y.len());
    assert_eq!(from.len(), 16 * squares.range.len() * squares.image.channels, "16 numbers a square and channel");
    if let Start::Row(row) = start {
        assert_eq!(row.len(), squares.image.channels, "one start a channel");
    }
    dispatch(Show::<T, SIDE> { squares, from, y, start });
}

struct Show<'a, T, const SIDE: usize> {
    squares: &'a Squares,
    from: &'a [T],
    y: &'a mut [T],
    start: Start<'a, T>,
}

impl<T: Float, const SIDE: usize> Work for Show<'_, T, SIDE> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        self.sweep::<T::Lanes<I>>();
    }
}

impl<T: Float, const SIDE: usize> Show<'_, T, SIDE> {
    #[inline(always)]
    fn sweep<S: Simd<Number = T>>(self) {
        let Self { squares, from, y, start } = self;
        let Image { height, width, channels } = squares.image;
        let plane = squares.range.len() * channels;
        // SAFETY: inside `dispatch`.
        let steps = unsafe { Steps::<S>::new() };
        for (index, (image, row, col)) in squares.places().enumerate() {
            for first in (0..channels).step_by(S::LANES) {
                // SAFETY: inside `dispatch`. What is read are entries of the 16 matrices and of the start, as many as `show` has asserted;
                // what is written are pixels of an image, all of which `check` has found there. The mask leaves out all else.
                unsafe {
                    let some = S::first(S::LANES.min(channels - first));
                    let mut lines = [[S::zero(); 4]; SIDE];
                    for j in 0..4 {
                        let at = |i: usize| (4 * i + j) * plane + index * channels + first;
                        let column = std::array::from_fn(|i| S::load_part(from.as_ptr().add(at(i)), some));
                        for (line, number) in lines.iter_mut().zip(steps.narrow::<SIDE>(column)) {
                            line[j] = number;
                        }
                    }
                    for (i, line) in lines.into_iter().enumerate() {
                        let row = row.wrapping_add(i);
                        for (j, number) in steps.narrow::<SIDE>(line).into_iter().enumerate() {
                            let col = col.wrapping_add(j);
                            if row < height && col < width {
                                let to = y.as_mut_ptr().add(image + (row * width + col) * channels + first);
                                let number = match start {
                                    Start::Zero => number,
                                    Start::There => steps.sum(S::load_part(to, some), number),
                                    Start::Row(row) => steps.sum(S::load_part(row.as_ptr().add(first), some), number),
                                };
                                S::store_part(to, some, number);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The steps of the transforms, and what they take.
#[derive(Clone, Copy)]
struct Steps<S: Simd> {
    one: S::Vector,
    minus: S::Vector,
    half: S::Vector,
    zero: S::Vector,
}

impl<T: Float, S: Simd<Number = T>> Steps<S> {
    #[inline(always)]
    unsafe fn new() -> Self {
        let one = T::one();
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe {
            Self { one: S::splat(one), minus: S::splat(-one), half: S::splat(one / (one + one)), zero: S::zero() }
        }
    }

    #[inline(always)]
    unsafe fn sum(&self, a: S::Vector, b: S::Vector) -> S::Vector {
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe { S::mul_add(a, self.one, b) }
    }

    #[inline(always)]
    unsafe fn difference(&self, a: S::Vector, b: S::Vector) -> S::Vector {
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe { S::mul_add(b, self.minus, a) }
    }

    /// (a + b) / 2 and (a - b) / 2
    #[inline(always)]
    unsafe fn halves(&self, a: S::Vector, b: S::Vector) -> (S::Vector, S::Vector) {
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe {
            let halved = |x| S::mul_add(x, self.half, self.zero);
            (halved(self.sum(a, b)), halved(self.difference(a, b)))
        }
    }

    /// The numbers of a line to four: by A, G or B^T.
    #[inline(always)]
    unsafe fn wide<const SIDE: usize>(&self, line: [S::Vector; SIDE]) -> [S::Vector; 4] {
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe {
            match line[..] {
                [a, b] => [a, self.sum(a, b), self.difference(a, b), self.difference(self.zero, b)],
                [a, b, c] => {
                    let (plus, minus) = self.halves(self.sum(a, c), b);
                    [a, plus, minus, c]
                }
                [a, b, c, d] => [self.difference(a, c), self.sum(b, c), self.difference(c, b), self.difference(b, d)],
                _ => unreachable!("squares have sides of 2, 3 or 4"),
            }
        }
    }

    /// Four numbers to those of a line: by A^T or G^T.
    #[inline(always)]
    unsafe fn narrow<const SIDE: usize>(&self, [a, b, c, d]: [S::Vector; 4]) -> [S::Vector; SIDE] {
        // SAFETY: the caller's promise, to be inside `dispatch`.
        unsafe {
            let numbers = if SIDE == 2 {
                [self.sum(a, self.sum(b, c)), self.difference(self.difference(b, c), d), self.zero]
            } else {
                let (plus, minus) = self.halves(b, c);
                [self.sum(a, plus), minus, self.sum(plus, d)]
            };
            std::array::from_fn(|i| numbers[i])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Level;

    /// The matrices by which a line of so many numbers is taken to four.
    fn matrix(side: usize) -> [Vec<f64>; 4] {
        match side {
            2 => [vec![1.0, 0.0], vec![1.0, 1.0], vec![1.0, -1.0], vec![0.0, -1.0]],
            3 => [vec![1.0, 0.0, 0.0], vec![0.5, 0.5, 0.5], vec![0.5, -0.5, 0.5], vec![0.0, 0.0, 1.0]],
            _ => [
                vec![1.0, 0.0, -1.0, 0.0],
                vec![0.0, 1.0, 1.0, 0.0],
                vec![0.0, -1.0, 1.0, 0.0],
                vec![0.0, 1.0, 0.0, -1.0],
            ],
        }
    }

    /// Small whole numbers: all sums of them, and of their halves and quarters, are exact.
    fn whole<T: Float>(len: usize, factor: usize) -> Vec<T> {
        (0..len).map(|at| T::of(((factor * at + 5) % 41) as f64 - 20.0)).collect()
    }

    /// The pixel that entry (i, j) of a square is, if it lies inside the image: by trying them all.
    fn pixel(squares: &Squares, square: usize, i: usize, j: usize) -> Option<usize> {
        let (Image { height, width, channels }, (high, wide)) = (squares.image, squares.of_image);
        let (image, row, col) = (square / (high * wide), square / wide % high, square % wide);
        let mut pixels = (0..height).flat_map(|r| (0..width).map(move |c| (r, c)));
        let (before, here) = (squares.before, (2 * row + i, 2 * col + j));
        let found = pixels.find(|&(r, c)| (r + before.0, c + before.1) == here);
        found.map(|(r, c)| ((image * height + r) * width + c) * channels)
    }

    fn sees<T: Float, const SIDE: usize>(squares: &Squares, x: &[T]) {
        let (channels, matrix) = (squares.image.channels, matrix(SIDE));
        for level in Level::all() {
            let mut found = vec![T::nan(); 16 * squares.range.len() * channels];
            level.run(See::<T, SIDE> { squares, x, to: &mut found });
            for (at, found) in found.iter().enumerate() {
                let (term, square, channel) =
                    (at / channels / squares.range.len(), at / channels % squares.range.len(), at % channels);
                let mut expected = 0.0;
                for i in 0..SIDE {
                    for j in 0..SIDE {
                        let factor = matrix[term / 4][i] * matrix[term % 4][j];
                        let seen = pixel(squares, squares.range.start + square, i, j);
                        expected += factor * seen.map_or(0.0, |pixel| x[pixel + channel].get());
                    }
                }
                assert_eq!(found.get(), expected, "{level:?}, {squares:?}, side {SIDE}, at {at}");
            }
        }
    }

    fn shows<T: Float, const SIDE: usize>(squares: &Squares, before: &[T]) {
        let (channels, matrix) = (squares.image.channels, matrix(SIDE));
        let from: Vec<T> = whole(16 * squares.range.len() * channels, 17);
        let row: Vec<T> = whole(channels, 3);
        for level in Level::all() {
            for start in [Start::Zero, Start::There, Start::Row(&row)] {
                let (mut found, mut expected) = (before.to_vec(), before.to_vec());
                level.run(Show::<T, SIDE> { squares, from: &from, y: &mut found, start });
                for at in 0..squares.range.len() * SIDE * SIDE * channels {
                    let (square, entry, channel) =
                        (at / channels / SIDE / SIDE, at / channels % (SIDE * SIDE), at % channels);
                    let (i, j) = (entry / SIDE, entry % SIDE);
                    let Some(pixel) = pixel(squares, squares.range.start + square, i, j) else { continue };
                    let term = |t: usize| {
                        let number = from[(t * squares.range.len() + square) * channels + channel].get();
                        matrix[t / 4][i] * matrix[t % 4][j] * number
                    };
                    let started = match start {
                        Start::Zero => 0.0,
                        Start::There => before[pixel + channel].get(),
                        Start::Row(row) => row[channel].get(),
                    };
                    expected[pixel + channel] = T::of(started + (0..16).map(term).sum::<f64>());
                }
                assert!(found == expected, "{level:?}, {squares:?}, side {SIDE}, {start:?}");
            }
        }
    }

    fn agree<T: Float>() {
        for (height, width, channels, before) in
            [(1, 1, 1, (0, 0)), (4, 5, 3, (1, 1)), (5, 4, 17, (2, 0)), (3, 7, 33, (0, 1)), (6, 6, 16, (1, 2))]
        {
            let image = Image { height, width, channels };
            let x: Vec<T> = whole(3 * image.numbers(), 29);
            // Squares of outputs, of which there are more than of pixels where padding is.
            let of_image = (image.squares().0 + before.0, image.squares().1 + before.1);
            let all = 3 * of_image.0 * of_image.1;
            let squares = Squares { image, of_image, before, range: all / 4..all - all / 5 };
            sees::<T, 4>(&squares, &x);
            sees::<T, 2>(&squares, &x);
            shows::<T, 2>(&squares, &x);
            let image = Image { height: 3, width: 3, channels };
            let weights = Squares { image, of_image: (1, 1), before: (0, 0), range: 0..1 };
            sees::<T, 3>(&weights, &whole(image.numbers(), 29));
            shows::<T, 3>(&weights, &whole(image.numbers(), 29));
        }
    }

    #[test]
    fn transforms_agree_with_their_matrices() {
        agree::<f32>();
        agree::<f64>();
    }

    #[test]
    #[should_panic(expected = "the images of a convolution were counted")]
    fn images_that_are_not_there_are_not_read() {
        let image = Image { height: 4, width: 4, channels: 2 };
        let squares = Squares { image, of_image: (2, 2), before: (0, 0), range: 3..5 };
        see::<f32, 4>(&squares, &[0.0; 63], &mut [0.0; 16 * 2 * 2]);
    }
}
