//! What becomes of the numbers where two ways through a network part and join again, piece by piece.

use crate::Float;
use crate::linalg::{PIECE, half, join, vectorized};

/// `y = skip + scale branch`.
pub(super) fn join_ways<T: Float>(skip: &[T], scale: T, branch: &[T], y: &mut [T]) {
    if y.len() <= PIECE {
        return vectorized(|| {
            for ((y, &skip), &branch) in y.iter_mut().zip(skip).zip(branch) {
                *y = skip + scale * branch;
            }
        });
    }
    let at = half(y.len());
    let ((skip, right_skip), (branch, right_branch)) = (skip.split_at(at), branch.split_at(at));
    let (y, right_y) = y.split_at_mut(at);
    join(|| join_ways(skip, scale, branch, y), || join_ways(right_skip, scale, right_branch, right_y));
}

/// `dx += skip`.
pub(super) fn added<T: Float>(skip: &[T], dx: &mut [T]) {
    if dx.len() <= PIECE {
        return vectorized(|| {
            for (dx, &skip) in dx.iter_mut().zip(skip) {
                *dx += skip;
            }
        });
    }
    let at = half(dx.len());
    let ((skip, right_skip), (dx, right_dx)) = (skip.split_at(at), dx.split_at_mut(at));
    join(|| added(skip, dx), || added(right_skip, right_dx));
}

/// `out = scale dy`.
pub(super) fn scaled<T: Float>(scale: T, dy: &[T], out: &mut [T]) {
    if out.len() <= PIECE {
        return vectorized(|| {
            for (out, &dy) in out.iter_mut().zip(dy) {
                *out = scale * dy;
            }
        });
    }
    let at = half(out.len());
    let ((dy, right_dy), (out, right_out)) = (dy.split_at(at), out.split_at_mut(at));
    join(|| scaled(scale, dy, out), || scaled(scale, right_dy, right_out));
}

/// `out = scale dy`, and the sum of `dy branch`: in lanes, pieces and halves that the length alone decides.
pub(super) fn scaled_and_summed<T: Float>(scale: T, branch: &[T], dy: &[T], out: &mut [T]) -> T {
    if out.len() <= PIECE {
        return vectorized(|| {
            let mut lanes = [T::zero(); 16];
            for ((out, dy), branch) in out.chunks_mut(16).zip(dy.chunks(16)).zip(branch.chunks(16)) {
                for (((out, &dy), &branch), lane) in out.iter_mut().zip(dy).zip(branch).zip(&mut lanes) {
                    *out = scale * dy;
                    *lane += dy * branch;
                }
            }
            lanes.into_iter().fold(T::zero(), |sum, lane| sum + lane)
        });
    }
    let at = half(out.len());
    let ((branch, right_branch), (dy, right_dy)) = (branch.split_at(at), dy.split_at(at));
    let (out, right_out) = out.split_at_mut(at);
    let (sum, right_sum) = join(
        || scaled_and_summed(scale, branch, dy, out),
        || scaled_and_summed(scale, right_branch, right_dy, right_out),
    );
    sum + right_sum
}
