//! Channels in blocks: what a loop over vectors is made of.

/// Something to be done for some neighbouring channels, whose number the compiler knows. `block`, and what it calls, is to be
/// `#[inline(always)]`.
pub(super) trait Blocks {
    /// Does it for the channels `first..first + N`.
    fn block<const N: usize>(&mut self, first: usize);

    /// Does it for all channels: in blocks of a cache line of `f32`, then in smaller ones.
    #[inline(always)]
    fn all(&mut self, channels: usize) {
        let mut first = 0;
        while first + 16 <= channels {
            self.block::<16>(first);
            first += 16;
        }
        while first + 4 <= channels {
            self.block::<4>(first);
            first += 4;
        }
        while first < channels {
            self.block::<1>(first);
            first += 1;
        }
    }
}

/// The `N` numbers from `first` on.
#[inline(always)]
pub(super) fn lanes<T, const N: usize>(numbers: &[T], first: usize) -> &[T; N] {
    numbers[first..first + N].try_into().expect("as many as were asked for")
}

/// The `N` numbers from `first` on, to change.
#[inline(always)]
pub(super) fn lanes_mut<T, const N: usize>(numbers: &mut [T], first: usize) -> &mut [T; N] {
    (&mut numbers[first..first + N]).try_into().expect("as many as were asked for")
}
