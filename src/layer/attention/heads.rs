//! The heads of an attention, row by row: queries meet keys, and gather values.

use super::shares::{Shares, Slopes};
use crate::Float;
use crate::linalg::{Matrix, Start, dispatch, join, multiply};

/// The sizes of attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How many steps a row has.
    pub(super) steps: usize,
    pub(super) width: usize,
    pub(super) heads: usize,
    pub(super) causal: bool,
}

/// Some queries, and the keys that they may see: all, or those up to the last of the queries.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// The first query.
    first: usize,
    queries: usize,
    keys: usize,
    /// Where in the head its shares stand, `queries` rows of `keys` each.
    at: usize,
}

/// How many queries are taken at once: so few that a column of their shares stays in the first-level cache, and so many that the keys, which
/// are packed for each block, are worth it. Of causal ones fewer, since half of the shares on the diagonal come to nothing.
const QUERIES: usize = 64;
const CAUSAL_QUERIES: usize = 32;

/// Which third of q, k and v.
const QUERY: usize = 0;
const KEY: usize = 1;
const VALUE: usize = 2;

impl Shape {
    /// How many columns a head has.
    fn head(self) -> usize {
        self.width / self.heads
    }

    fn queries(self) -> usize {
        if self.causal { CAUSAL_QUERIES } else { QUERIES }
    }

    /// How many numbers forward keeps of a row: q, k, v; what the heads gathered; the shares.
    pub(super) fn saved(self) -> usize {
        let shares = self.heads.saturating_mul(self.steps).saturating_mul(self.steps);
        self.steps.saturating_mul(self.width).saturating_mul(4).saturating_add(shares)
    }

    /// The three parts of what is kept of all rows.
    pub(super) fn parts<T>(self, saved: &mut [T], rows: usize) -> [&mut [T]; 3] {
        let (qkv, rest) = saved.split_at_mut(rows * self.steps * self.width * 3);
        let (context, shares) = rest.split_at_mut(rows * self.steps * self.width);
        [qkv, context, shares]
    }

    /// How many numbers backward needs for a row: the derivatives by what the heads gathered and by q, k and v; those by q, k and v of one
    /// head, side by side; those by a block of shares.
    pub(super) fn scratch(self) -> usize {
        let shares = self.queries().min(self.steps).saturating_mul(self.steps);
        self.steps.saturating_mul(4 * self.width + 3 * self.head()).saturating_add(shares)
    }

    /// The three parts of that, for all rows; the last one is for all that a single head needs.
    pub(super) fn scratch_parts<T>(self, scratch: &mut [T], rows: usize) -> [&mut [T]; 3] {
        let (of_context, rest) = scratch.split_at_mut(rows * self.steps * self.width);
        let (of_qkv, rest) = rest.split_at_mut(rows * self.steps * self.width * 3);
        [of_context, of_qkv, rest]
    }

    /// The blocks of a row of so many steps.
    fn blocks(self, steps: usize) -> impl DoubleEndedIterator<Item = Block> {
        let most = self.queries();
        (0..steps.div_ceil(most)).map(move |index| {
            let first = index * most;
            let queries = most.min(steps - first);
            if self.causal {
                // The blocks before have 1, 2, 3, ... times `most` keys.
                Block { first, queries, keys: first + queries, at: first * (first + most) / 2 }
            } else {
                Block { first, queries, keys: steps, at: first * steps }
            }
        })
    }

    /// `count` steps from `first` on, of one third of one head, in a row of q, k and v.
    fn part<T>(self, qkv: &[T], third: usize, head: usize, first: usize, count: usize) -> Matrix<'_, T> {
        let start = first * 3 * self.width + third * self.width + head * self.head();
        Matrix::strided(&qkv[start..], count, self.head(), 3 * self.width)
    }

    /// 1 / sqrt of what a product of query and key sums over.
    fn scale<T: Float>(self) -> T {
        T::of(1.0 / (self.head() as f64).sqrt())
    }

    /// Where `count` steps of one head from `first` on are to be written, in rows of `width` numbers that have it at `column`.
    fn scatter<T: Copy>(self, from: &[T], to: &mut [T], width: usize, first: usize, column: usize) {
        let rows = to[first * width..].chunks_exact_mut(width);
        rows.zip(from.chunks_exact(self.head()))
            .for_each(|(to, from)| to[column..][..from.len()].copy_from_slice(from));
    }
}

/// The lengths of the rows before and behind a cut; none where none were given.
fn split_lengths(lengths: &[usize], at: usize) -> (&[usize], &[usize]) {
    lengths.split_at(at.min(lengths.len()))
}

/// Forward, from q, k and v to what the heads gather.
pub(super) struct Forward<'a, T> {
    pub(super) shape: Shape,
    pub(super) lengths: &'a [usize],
    pub(super) qkv: &'a [T],
    pub(super) context: &'a mut [T],
    pub(super) shares: &'a mut [T],
    pub(super) scratch: &'a mut [T],
}

impl<T: Float> Forward<'_, T> {
    /// All of so many rows, on as many threads as are idle.
    pub(super) fn shared(self, rows: usize) {
        if rows < 2 {
            return if rows == 1 {
                self.row()
            };
        }
        let (upper, Self { shape, lengths, qkv, context, shares, scratch }) = (rows / 2, self);
        let (lengths, more_lengths) = split_lengths(lengths, upper);
        let (qkv, more_qkv) = qkv.split_at(qkv.len() / rows * upper);
        let (context, more_context) = context.split_at_mut(context.len() / rows * upper);
        let (shares, more_shares) = shares.split_at_mut(shares.len() / rows * upper);
        let (scratch, more_scratch) = scratch.split_at_mut(scratch.len() / rows * upper);
        let below = Forward {
            shape,
            lengths: more_lengths,
            qkv: more_qkv,
            context: more_context,
            shares: more_shares,
            scratch: more_scratch,
        };
        join(|| Forward { shape, lengths, qkv, context, shares, scratch }.shared(upper), || below.shared(rows - upper));
    }

    fn row(self) {
        let Self { shape, lengths, qkv, context, shares, scratch } = self;
        let (steps, width) = (lengths.first().copied().unwrap_or(shape.steps), shape.head());
        for (head, shares) in shares.chunks_exact_mut(shape.steps * shape.steps).enumerate() {
            for Block { first, queries, keys, at } in shape.blocks(steps) {
                let shares = &mut shares[at..at + queries * keys];
                let query = shape.part(qkv, QUERY, head, first, queries);
                multiply(query, shape.part(qkv, KEY, head, 0, keys).transposed(), shares, Start::Zero);
                let causal = shape.causal.then_some(first);
                dispatch(Shares { shares: &mut *shares, keys, causal, scale: shape.scale() });
                let gathered = &mut scratch[..queries * width];
                if shape.causal && !finite(qkv, shape, head, first, queries) {
                    // A share of 0 does not hide what is not finite: so each query sums over no more than it may see.
                    for (query, (shares, gathered)) in
                        shares.chunks_exact(keys).zip(gathered.chunks_exact_mut(width)).enumerate()
                    {
                        let seen = first + query + 1;
                        let value = shape.part(qkv, VALUE, head, 0, seen);
                        multiply(Matrix::new(&shares[..seen], seen), value, gathered, Start::Zero);
                    }
                } else {
                    multiply(Matrix::new(shares, keys), shape.part(qkv, VALUE, head, 0, keys), gathered, Start::Zero);
                }
                shape.scatter(gathered, context, shape.width, first, head * width);
            }
        }
    }
}

/// Whether all values of a head, of `count` steps from `first` on, are finite.
fn finite<T: Float>(qkv: &[T], shape: Shape, head: usize, first: usize, count: usize) -> bool {
    let column = VALUE * shape.width + head * shape.head();
    let steps = qkv.chunks_exact(3 * shape.width).skip(first).take(count);
    steps.flat_map(|step| &step[column..][..shape.head()]).fold(true, |finite, value| finite & value.is_finite())
}

/// Backward, to q, k and v.
pub(super) struct Backward<'a, T> {
    pub(super) shape: Shape,
    pub(super) lengths: &'a [usize],
    pub(super) qkv: &'a [T],
    pub(super) shares: &'a [T],
    pub(super) of_context: &'a [T],
    pub(super) of_qkv: &'a mut [T],
    pub(super) scratch: &'a mut [T],
}

impl<T: Float> Backward<'_, T> {
    /// All of so many rows, on as many threads as are idle.
    pub(super) fn shared(self, rows: usize) {
        if rows < 2 {
            return if rows == 1 {
                self.row()
            };
        }
        let (upper, Self { shape, lengths, qkv, shares, of_context, of_qkv, scratch }) = (rows / 2, self);
        let (lengths, more_lengths) = split_lengths(lengths, upper);
        let (qkv, more_qkv) = qkv.split_at(qkv.len() / rows * upper);
        let (shares, more_shares) = shares.split_at(shares.len() / rows * upper);
        let (of_context, more_of_context) = of_context.split_at(of_context.len() / rows * upper);
        let (of_qkv, more_of_qkv) = of_qkv.split_at_mut(of_qkv.len() / rows * upper);
        let (scratch, more_scratch) = scratch.split_at_mut(scratch.len() / rows * upper);
        let below = Backward {
            shape,
            lengths: more_lengths,
            qkv: more_qkv,
            shares: more_shares,
            of_context: more_of_context,
            of_qkv: more_of_qkv,
            scratch: more_scratch,
        };
        join(
            || Backward { shape, lengths, qkv, shares, of_context, of_qkv, scratch }.shared(upper),
            || below.shared(rows - upper),
        );
    }

    fn row(self) {
        let Self { shape, lengths, qkv, shares, of_context, of_qkv, scratch } = self;
        let (steps, width) = (lengths.first().copied().unwrap_or(shape.steps), shape.head());
        let (of_query, rest) = scratch.split_at_mut(shape.steps * width);
        let (of_key, rest) = rest.split_at_mut(shape.steps * width);
        let (of_value, of_shares) = rest.split_at_mut(shape.steps * width);
        for (head, shares) in shares.chunks_exact(shape.steps * shape.steps).enumerate() {
            // From the last block on, which sees all keys, so that it writes where the others add.
            let mut start = Start::Zero;
            for Block { first, queries, keys, at } in shape.blocks(steps).rev() {
                let shares = &shares[at..at + queries * keys];
                let of_shares = &mut of_shares[..queries * keys];
                let gathered = &of_context[first * shape.width + head * width..];
                let gathered = Matrix::strided(gathered, queries, width, shape.width);
                let to = &mut of_value[..keys * width];
                multiply(Matrix::new(shares, keys).transposed(), gathered, to, start);
                multiply(gathered, shape.part(qkv, VALUE, head, 0, keys).transposed(), of_shares, Start::Zero);
                dispatch(Slopes { shares, slopes: &mut *of_shares, keys, scale: shape.scale() });
                let of_products = Matrix::new(of_shares, keys);
                let to = &mut of_query[first * width..][..queries * width];
                multiply(of_products, shape.part(qkv, KEY, head, 0, keys), to, Start::Zero);
                let query = shape.part(qkv, QUERY, head, first, queries);
                multiply(of_products.transposed(), query, &mut of_key[..keys * width], start);
                start = Start::There;
            }
            for (third, from) in [(QUERY, &*of_query), (KEY, of_key), (VALUE, of_value)] {
                let column = third * shape.width + head * width;
                shape.scatter(&from[..steps * width], of_qkv, 3 * shape.width, 0, column);
            }
        }
    }
}
