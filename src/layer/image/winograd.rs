//! Convolutions of 3 x 3 windows that move by one pixel, by Winograd's filtering: 16 multiplications for 2 x 2 outputs instead of 36.

use super::convolution::{Back, Convolution};
use super::share::by_images;
use crate::Float;
use crate::linalg::winograd::{Image, Squares, see, show};
use crate::linalg::{Matrix, Start, join, multiply, threads_for};

/// How many numbers of squares there are at once: 512 KiB of f32, which stay in the second-level cache.
const ROOM: usize = 1 << 17;

/// In how many parts the gradients by the weights are summed, whatever the threads are: each over its share of the images.
const SUMS: usize = 4;

/// How few channels in or out are not worth it: their transforms would cost what the products save.
const FEW: usize = 8;

/// A convolution that can be computed so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winograd {
    /// What goes in, and what comes out.
    x: Image,
    y: Image,
    /// How far the first window reaches beyond the image.
    before: (usize, usize),
    /// How many multiplications and additions an image takes.
    operations: usize,
}

/// A filter from images to images: forwards, or from what comes back to what goes back.
struct Filter<'a, T> {
    from: Image,
    to: Image,
    before: (usize, usize),
    /// The factor of each of the 16 products.
    factors: [Matrix<'a, T>; 16],
    start: Start<'a, T>,
}

impl Winograd {
    /// The way to compute a convolution, where this is one.
    pub(super) fn of(convolution: &Convolution) -> Option<Self> {
        let Convolution { grid, units, groups } = *convolution;
        let fits = [grid.rows, grid.cols]
            .iter()
            .all(|axis| (axis.kernel, axis.stride, axis.dilation) == (3, 1, 1) && axis.before <= 2 && axis.out >= 2);
        let x = Image { height: grid.rows.image, width: grid.cols.image, channels: grid.channels };
        let y = Image { height: grid.rows.out, width: grid.cols.out, channels: units };
        let worth = groups == 1 && x.channels >= FEW && y.channels >= FEW;
        let (before, operations) = ((grid.rows.before, grid.cols.before), convolution.operations() / 2);
        (fits && worth).then_some(Self { x, y, before, operations })
    }

    /// How many numbers a weight is where the products meet it.
    fn weights(&self) -> usize {
        16_usize.saturating_mul(self.x.channels).saturating_mul(self.y.channels)
    }

    /// How many numbers are kept, whatever the images: the weights, and the sums of their gradients.
    pub(super) fn saved(&self) -> usize {
        self.weights().saturating_add(self.saved_by_backward())
    }

    /// How many of them are sums.
    pub(super) fn saved_by_backward(&self) -> usize {
        self.weights().saturating_mul(SUMS)
    }

    /// How many numbers a square takes: those of its channels in and out.
    fn square(&self) -> usize {
        16_usize.saturating_mul(self.x.channels.saturating_add(self.y.channels))
    }

    /// How many numbers an image takes for a while.
    pub(super) fn scratch(&self) -> usize {
        let of = |(high, wide): (usize, usize)| high.saturating_mul(wide);
        let most = of(self.x.squares()).max(of(self.y.squares()));
        self.square().saturating_mul((ROOM / self.square()).clamp(1, most))
    }

    /// The squares that cover so many images, as many at a time as there is room for, and that room.
    fn bands<T>(
        &self,
        covered: Image,
        images: usize,
        scratch: &mut [T],
        mut each: impl FnMut(std::ops::Range<usize>, &mut [T]),
    ) {
        let (high, wide) = covered.squares();
        let all = images * high * wide;
        let band = (ROOM / self.square()).min(scratch.len() / self.square()).max(1);
        for first in (0..all).step_by(band) {
            let range = first..all.min(first + band);
            let room = range.len() * self.square();
            each(range, &mut scratch[..room]);
        }
    }

    /// The three by three weights as squares of one image, whose channels are the pairs of channels in and out.
    fn kernel(&self) -> Squares {
        let image = Image { height: 3, width: 3, channels: self.x.channels * self.y.channels };
        Squares { image, of_image: (1, 1), before: (0, 0), range: 0..1 }
    }

    fn filter<T: Float>(&self, filter: &Filter<'_, T>, x: &[T], y: &mut [T], scratch: &mut [T]) {
        let Filter { from, to, before, factors, start } = filter;
        let of_image = to.squares();
        self.bands(*to, y.len() / to.numbers(), scratch, |range, room| {
            let count = range.len();
            let (seen, shown) = room.split_at_mut(16 * count * from.channels);
            see::<T, 4>(&Squares { image: *from, of_image, before: *before, range: range.clone() }, x, seen);
            let products = seen.chunks_exact(count * from.channels).zip(shown.chunks_exact_mut(count * to.channels));
            for ((seen, shown), factor) in products.zip(factors) {
                multiply(Matrix::new(seen, from.channels), *factor, shown, Start::Zero);
            }
            show::<T, 2>(&Squares { image: *to, of_image, before: (0, 0), range }, shown, y, *start);
        });
    }

    /// The output of all images.
    pub(super) fn forward<T: Float>(
        &self,
        x: &[T],
        weight: &[T],
        bias: Option<&[T]>,
        y: &mut [T],
        (saved, scratch): (&mut [T], &mut [T]),
    ) {
        let (weights, _) = saved.split_at_mut(self.weights());
        see::<T, 3>(&self.kernel(), weight, weights);
        let pairs = weights.len() / 16;
        let factors = std::array::from_fn(|term| Matrix::new(&weights[term * pairs..][..pairs], self.y.channels));
        let start = bias.map_or(Start::Zero, Start::Row);
        let filter = Filter { from: self.x, to: self.y, before: self.before, factors, start };
        let images = x.len() / self.x.numbers();
        let work = |[x]: [&[T]; 1], [y, scratch]: [&mut [T]; 2]| self.filter(&filter, x, y, scratch);
        by_images(images, self.operations.saturating_mul(images), [x], [y, scratch], &work);
    }

    /// The derivative by the images: the same with the weights turned by half a turn, which exchanges the first and the last of four, and
    /// with channels in and out exchanged.
    pub(super) fn backward_images<T: Float>(&self, dy: &[T], dx: &mut [T], (saved, scratch): (&[T], &mut [T])) {
        let pairs = self.weights() / 16;
        let turned = |at: usize| [3, 1, 2, 0][at];
        let factors = std::array::from_fn(|term| {
            let term = 4 * turned(term / 4) + turned(term % 4);
            Matrix::new(&saved[term * pairs..][..pairs], self.y.channels).transposed()
        });
        let before = (2 - self.before.0, 2 - self.before.1);
        let filter = Filter { from: self.y, to: self.x, before, factors, start: Start::Zero };
        let images = dy.len() / self.y.numbers();
        let work = |[dy]: [&[T]; 1], [dx, scratch]: [&mut [T]; 2]| self.filter(&filter, dy, dx, scratch);
        by_images(images, self.operations.saturating_mul(images), [dy], [dx, scratch], &work);
    }

    /// The derivative by the weights and biases, whose gradients these are.
    pub(super) fn backward_weights<T: Float>(
        &self,
        back: &Back<'_, T>,
        weight: &mut [T],
        bias: Option<&mut [T]>,
        (saved, scratch): (&mut [T], &mut [T]),
    ) {
        let start = if back.fresh { Start::Zero } else { Start::There };
        if let Some(bias) = bias {
            let (positions, dy) = (back.dy.len() / self.y.channels, Matrix::new(back.dy, self.y.channels));
            multiply(Matrix::repeated(&T::one(), 1, positions), dy, bias, start);
        }
        let (_, sums) = saved.split_at_mut(self.weights());
        self.sums(SUMS, back, sums, scratch);
        // Put together as a tree, whose shape is always the same.
        let (sum, others) = sums.split_at_mut(self.weights());
        let parts: [&[T]; SUMS - 1] = std::array::from_fn(|part| &others[part * sum.len()..(part + 1) * sum.len()]);
        let [second, third, fourth] = parts;
        for ((sum, &second), (&third, &fourth)) in sum.iter_mut().zip(second).zip(third.iter().zip(fourth)) {
            *sum = (*sum + second) + (third + fourth);
        }
        show::<T, 3>(&self.kernel(), sum, weight, start);
    }

    /// Sums in so many parts, each over its share of the images: at once where that is worth a second thread.
    fn sums<T: Float>(&self, parts: usize, back: &Back<'_, T>, sums: &mut [T], scratch: &mut [T]) {
        if parts == 1 {
            return self.sum(back, sums, scratch);
        }
        let (&Back { x, dy, fresh }, images) = (back, back.x.len() / self.x.numbers());
        let upper = images / 2;
        let (x, below_x) = x.split_at(upper * self.x.numbers());
        let (dy, below_dy) = dy.split_at(upper * self.y.numbers());
        let (sums, below_sums) = sums.split_at_mut(parts / 2 * self.weights());
        let (scratch, below_scratch) = scratch.split_at_mut(upper * self.scratch());
        let mut above = || self.sums(parts / 2, &Back { x, dy, fresh }, sums, scratch);
        let mut below = || self.sums(parts / 2, &Back { x: below_x, dy: below_dy, fresh }, below_sums, below_scratch);
        if threads_for(self.operations.saturating_mul(images)) > 1 {
            join(above, below);
        } else {
            above();
            below();
        }
    }

    /// The sum over some images: 16 products of what the windows saw with what came back.
    fn sum<T: Float>(&self, back: &Back<'_, T>, sums: &mut [T], scratch: &mut [T]) {
        let images = back.x.len() / self.x.numbers();
        if images == 0 {
            return sums.fill(T::zero());
        }
        let (of_image, pairs) = (self.y.squares(), self.weights() / 16);
        self.bands(self.y, images, scratch, |range, room| {
            let count = range.len();
            let start = if range.start == 0 { Start::Zero } else { Start::There };
            let (seen, came) = room.split_at_mut(16 * count * self.x.channels);
            let squares = Squares { image: self.x, of_image, before: self.before, range };
            see::<T, 4>(&squares, back.x, seen);
            see::<T, 2>(&Squares { image: self.y, before: (0, 0), ..squares }, back.dy, came);
            let products = seen.chunks_exact(count * self.x.channels).zip(came.chunks_exact(count * self.y.channels));
            for ((seen, came), sum) in products.zip(sums.chunks_exact_mut(pairs)) {
                let seen = Matrix::new(seen, self.x.channels).transposed();
                multiply(seen, Matrix::new(came, self.y.channels), sum, start);
            }
        });
    }
}
