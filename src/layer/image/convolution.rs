//! A convolution as products: of what its window sees with its weights, some positions at a time.

use std::ops::Range;

use super::depthwise::{Images, Outputs, Weights};
use super::share::by_images;
use super::unfold::{Part, by_position, by_tap, fold};
use super::window::{Axis, Grid};
use crate::Float;
use crate::linalg::{Matrix, Start, join, multiply, threads_for};

/// How many numbers are unfolded at once: 256 KiB of f32, which stay in the second-level cache until their product is computed.
const ROOM: usize = 1 << 16;

/// The geometry of a convolution of `units` channels out, in `groups` that see only their share of the channels in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    pub(super) grid: Grid,
    pub(super) units: usize,
    pub(super) groups: usize,
}

/// What comes from behind, and what is known: for the way back.
#[derive(Debug)]
pub(super) struct Back<'a, T> {
    pub(super) x: &'a [T],
    pub(super) dy: &'a [T],
    /// Whether gradients are to be written instead of added to.
    pub(super) fresh: bool,
}

impl Convolution {
    /// How many channels a unit sees.
    pub(super) fn depth(&self) -> usize {
        self.grid.channels / self.groups
    }

    /// How many units a group has.
    fn members(&self) -> usize {
        self.units / self.groups
    }

    /// How many numbers a unit sees: the rows of the weight.
    pub(super) fn seen(&self) -> usize {
        self.grid.taps() * self.depth()
    }

    /// How many multiplications and additions an image takes.
    pub(super) fn operations(&self) -> usize {
        2_usize.saturating_mul(self.grid.positions()).saturating_mul(self.seen()).saturating_mul(self.units)
    }

    /// Whether every position sees exactly its own pixel: then the images are unfolded as they are.
    fn plain(&self) -> bool {
        let ends = |axis: &Axis| axis.kernel == 1 && axis.stride == 1 && axis.before == 0 && axis.out == axis.image;
        self.groups == 1 && ends(&self.grid.rows) && ends(&self.grid.cols)
    }

    /// How many positions are unfolded at once, at the most.
    fn band(&self) -> usize {
        let band = ROOM / self.seen();
        if band >= 16 { band / 16 * 16 } else { band.max(1) }
    }

    /// Whether every channel has a window of its own.
    fn depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.grid.channels && self.groups == self.units
    }

    /// How many numbers a position takes for a while, and how many an image does besides: what it sees and, where there are groups, the
    /// outputs of one, and its gradients.
    fn rooms(&self) -> (usize, usize) {
        match (self.plain(), self.groups) {
            (true, _) => (0, 0),
            _ if self.depthwise() => (0, 0),
            (_, 1) => (self.seen(), 0),
            _ => (self.seen() + self.members(), self.seen() * self.members()),
        }
    }

    /// How many numbers an image takes for a while.
    pub(super) fn scratch(&self) -> usize {
        let (position, image) = self.rooms();
        position.saturating_mul(self.band().min(self.grid.positions())).saturating_add(image)
    }

    /// The positions of so many images, as many at a time as there is room for: some whole images, or a part of one, cut at the same places in
    /// every image, whichever of them a thread begins with.
    fn bands(&self, images: usize, room: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (of_image, band) = (self.grid.positions(), self.band());
        let group = (band.min(room) / of_image).max(1);
        (0..images).step_by(group).flat_map(move |image| {
            let (start, end) = (image * of_image, images.min(image + group) * of_image);
            let band = if group > 1 { end - start } else { band };
            (start..end).step_by(band).map(move |first| first..end.min(first + band))
        })
    }

    /// What group `group` sees through some taps at some positions, a position a row.
    fn unfold<'a, T: Float>(
        &self,
        x: &'a [T],
        positions: Range<usize>,
        taps: Range<usize>,
        group: usize,
        room: &'a mut [T],
    ) -> Matrix<'a, T> {
        let depth = self.depth();
        if self.plain() {
            return Matrix::new(&x[positions.start * depth..positions.end * depth], depth);
        }
        let count = positions.len();
        let part = Part { positions, taps, channels: group * depth..(group + 1) * depth };
        let room = &mut room[..count * part.seen()];
        if depth < 8 {
            by_tap(&self.grid, x, &part, room);
            Matrix::new(room, count).transposed()
        } else {
            by_position(&self.grid, x, &part, room);
            Matrix::new(room, part.seen())
        }
    }

    /// The output of all images.
    pub(super) fn forward<T: Float>(&self, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T], scratch: &mut [T]) {
        let images = x.len() / self.grid.n_in();
        let work = |[x]: [&[T]; 1], [y, scratch]: [&mut [T]; 2]| self.forward_here(x, weight, bias, y, scratch);
        by_images(images, self.operations().saturating_mul(images), [x], [y, scratch], &work);
    }

    fn forward_here<T: Float>(&self, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T], scratch: &mut [T]) {
        let (images, members) = (x.len() / self.grid.n_in(), self.members());
        if self.depthwise() {
            return Outputs { grid: self.grid, x, weight, bias, y }.compute();
        }
        let start = |group: usize| match bias {
            Some(bias) => Start::Row(&bias[group * members..(group + 1) * members]),
            None => Start::Zero,
        };
        let weight = Matrix::new(weight, self.units);
        for positions in self.bands(images, self.room(scratch)) {
            let y = &mut y[positions.start * self.units..positions.end * self.units];
            if self.groups == 1 {
                let seen = self.unfold(x, positions, 0..self.grid.taps(), 0, scratch);
                multiply(seen, weight, y, start(0));
                continue;
            }
            let (room, of_group) = scratch.split_at_mut(positions.len() * self.seen());
            let of_group = &mut of_group[..positions.len() * members];
            for group in 0..self.groups {
                let seen = self.unfold(x, positions.clone(), 0..self.grid.taps(), group, room);
                multiply(seen, weight.columns(group * members, members), of_group, start(group));
                for (y, of_group) in y.chunks_exact_mut(self.units).zip(of_group.chunks_exact(members)) {
                    y[group * members..(group + 1) * members].copy_from_slice(of_group);
                }
            }
        }
    }

    /// For how many positions there is room.
    fn room<T>(&self, scratch: &[T]) -> usize {
        match self.rooms() {
            (0, _) => usize::MAX,
            (position, image) => (scratch.len() - image) / position,
        }
    }

    /// The derivative by the images.
    pub(super) fn backward_images<T: Float>(&self, weight: &[T], dy: &[T], dx: &mut [T], scratch: &mut [T]) {
        let images = dx.len() / self.grid.n_in();
        let work = |[dy]: [&[T]; 1], [dx, scratch]: [&mut [T]; 2]| self.images_here(weight, dy, dx, scratch);
        by_images(images, self.operations().saturating_mul(images), [dy], [dx, scratch], &work);
    }

    fn images_here<T: Float>(&self, weight: &[T], dy: &[T], dx: &mut [T], scratch: &mut [T]) {
        let (n_in, depth, members) = (self.grid.n_in(), self.depth(), self.members());
        if self.depthwise() {
            return Images { grid: self.grid, weight, dy, dx }.compute();
        }
        let weight = Matrix::new(weight, self.units);
        if self.plain() {
            return multiply(Matrix::new(dy, self.units), weight.transposed(), dx, Start::Zero);
        }
        let images = dx.len() / n_in;
        for positions in self.bands(images, self.room(scratch)) {
            // Zeros for the images that begin here, while they are about to be wanted.
            let begun = |position: usize| position.div_ceil(self.grid.positions()) * n_in;
            dx[begun(positions.start)..begun(positions.end)].fill(T::zero());
            let dy = &dy[positions.start * self.units..positions.end * self.units];
            let (room, of_group) = scratch.split_at_mut(positions.len() * self.seen());
            for group in 0..self.groups {
                let dy = if self.groups == 1 { dy } else { self.group(dy, group, of_group) };
                let weight = weight.columns(group * members, members);
                multiply(Matrix::new(dy, members), weight.transposed(), room, Start::Zero);
                let channels = group * depth..(group + 1) * depth;
                let part = Part { positions: positions.clone(), taps: 0..self.grid.taps(), channels };
                fold(&self.grid, room, &part, dx);
            }
        }
    }

    /// The columns of a group, side by side.
    fn group<'a, T: Float>(&self, dy: &[T], group: usize, room: &'a mut [T]) -> &'a [T] {
        let members = self.members();
        let room = &mut room[..dy.len() / self.groups];
        for (to, dy) in room.chunks_exact_mut(members).zip(dy.chunks_exact(self.units)) {
            to.copy_from_slice(&dy[group * members..(group + 1) * members]);
        }
        room
    }

    /// The derivative by the weights and biases, whose gradients these are: sums over all positions of all images, in this order.
    pub(super) fn backward_weights<T: Float>(
        &self,
        back: &Back<'_, T>,
        weight: &mut [T],
        bias: Option<&mut [T]>,
        scratch: &mut [T],
    ) {
        if self.groups > 1 {
            return self.weights_of_groups(back, weight, bias, scratch);
        }
        let images = back.x.len() / self.grid.n_in();
        let parts = threads_for(self.operations().saturating_mul(images)).min(self.grid.taps());
        self.weights_shared(parts, back, 0..self.grid.taps(), weight, bias, scratch);
    }

    /// The weights of some taps, in as many parts at once.
    fn weights_shared<T: Float>(
        &self,
        parts: usize,
        back: &Back<'_, T>,
        taps: Range<usize>,
        weight: &mut [T],
        bias: Option<&mut [T]>,
        scratch: &mut [T],
    ) {
        if parts < 2 {
            return self.weights_here(back, taps, weight, bias, scratch);
        }
        let (first, upper) = (parts / 2, taps.len() * (parts / 2) / parts);
        let (weight, below_weight) = weight.split_at_mut(upper * self.depth() * self.units);
        let (scratch, below_scratch) = scratch.split_at_mut(scratch.len() * upper / taps.len());
        let (above, below) = (taps.start..taps.start + upper, taps.start + upper..taps.end);
        join(
            || self.weights_shared(first, back, above, weight, bias, scratch),
            || self.weights_shared(parts - first, back, below, below_weight, None, below_scratch),
        );
    }

    fn weights_here<T: Float>(
        &self,
        back: &Back<'_, T>,
        taps: Range<usize>,
        weight: &mut [T],
        mut bias: Option<&mut [T]>,
        scratch: &mut [T],
    ) {
        let images = back.x.len() / self.grid.n_in();
        let room = if self.plain() { usize::MAX } else { scratch.len() / (taps.len() * self.depth()) };
        for positions in self.bands(images, room) {
            let start = if back.fresh && positions.start == 0 { Start::Zero } else { Start::There };
            let dy = Matrix::new(&back.dy[positions.start * self.units..positions.end * self.units], self.units);
            if let Some(bias) = &mut bias {
                multiply(Matrix::repeated(&T::one(), 1, positions.len()), dy, bias, start);
            }
            let seen = self.unfold(back.x, positions, taps.clone(), 0, scratch);
            multiply(seen.transposed(), dy, weight, start);
        }
    }

    fn weights_of_groups<T: Float>(
        &self,
        back: &Back<'_, T>,
        weight: &mut [T],
        bias: Option<&mut [T]>,
        scratch: &mut [T],
    ) {
        let (images, members) = (back.x.len() / self.grid.n_in(), self.members());
        let start = |first| if back.fresh && first { Start::Zero } else { Start::There };
        if let Some(bias) = bias {
            let dy = Matrix::new(back.dy, self.units);
            multiply(Matrix::repeated(&T::one(), 1, images * self.grid.positions()), dy, bias, start(true));
        }
        if self.depthwise() {
            if back.fresh {
                weight.fill(T::zero());
            }
            return Weights { grid: self.grid, x: back.x, dy: back.dy, weight }.compute();
        }
        let room = self.room(scratch);
        let (gradient, scratch) = scratch.split_at_mut(self.seen() * members);
        for group in 0..self.groups {
            let columns = group * members..(group + 1) * members;
            for (gradient, weight) in gradient.chunks_exact_mut(members).zip(weight.chunks_exact(self.units)) {
                gradient.copy_from_slice(&weight[columns.clone()]);
            }
            for positions in self.bands(images, room) {
                let (seen, of_group) = scratch.split_at_mut(positions.len() * self.seen());
                let dy = &back.dy[positions.start * self.units..positions.end * self.units];
                let dy = Matrix::new(self.group(dy, group, of_group), members);
                let first = positions.start == 0;
                let seen = self.unfold(back.x, positions, 0..self.grid.taps(), group, seen);
                multiply(seen.transposed(), dy, gradient, start(first));
            }
            for (gradient, weight) in gradient.chunks_exact(members).zip(weight.chunks_exact_mut(self.units)) {
                weight[columns.clone()].copy_from_slice(gradient);
            }
        }
    }
}
