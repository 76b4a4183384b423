//! `Isa` and `Simd`: instruction sets, as types; and which of them a kernel runs on, chosen when the program runs.
//!
//! A kernel is written once, as [`Work`] over any [`Isa`], and compiled for each of them: [`dispatch`] calls it inside a function that
//! has the instructions of the best one the processor knows. So everything between here and the innermost loop is
//! `#[inline(always)]`: what is not inlined into that function is compiled for the plainest processor.

use super::Kernel;

/// An instruction set.
pub trait Isa: Copy + 'static {
    /// Whether `a * b + c` is one instruction, rounded once. Where it is not, it is two, and `mul_add` would be a slow call.
    const FMA: bool;
    /// Its vectors of `f32`.
    type F32: Simd<Number = f32>;
    /// Its vectors of `f64`.
    type F64: Simd<Number = f64>;
}

/// Vectors of one type of number in one instruction set.
///
/// # Safety
/// The methods compile to instructions of the set: they are to be called inside [`dispatch`] only. Pointers are to be valid for as many
/// numbers as are read or written.
pub trait Simd: Copy + 'static {
    /// What a vector is made of.
    type Number: Kernel + Copy + 'static;
    /// A register.
    type Vector: Copy;
    /// Which numbers of a vector are meant.
    type Mask: Copy;
    /// How many numbers a vector has.
    const LANES: usize;
    /// How many rows a tile of a product has: as many as the registers hold beside three vectors of the other factor.
    const ROWS: usize;

    /// The first `count` numbers of a vector.
    unsafe fn first(count: usize) -> Self::Mask;
    /// Zeros.
    unsafe fn zero() -> Self::Vector;
    /// One number, everywhere.
    unsafe fn splat(number: Self::Number) -> Self::Vector;
    /// A whole vector; any alignment.
    unsafe fn load(from: *const Self::Number) -> Self::Vector;
    /// The numbers that the mask names, and zeros; nothing else is read.
    unsafe fn load_part(from: *const Self::Number, mask: Self::Mask) -> Self::Vector;
    /// A whole vector; any alignment.
    unsafe fn store(to: *mut Self::Number, vector: Self::Vector);
    /// The numbers that the mask names; nothing else is written.
    unsafe fn store_part(to: *mut Self::Number, mask: Self::Mask, vector: Self::Vector);
    /// `a * b + c`, in every lane.
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// `to[p * to_stride + j] = from[j * stride + p]` for all `p` and `j` below `LANES`.
    #[inline(always)]
    unsafe fn transpose(from: *const Self::Number, stride: usize, to: *mut Self::Number, to_stride: usize) {
        for p in 0..Self::LANES {
            for j in 0..Self::LANES {
                // SAFETY: the caller's pointers are valid for a square of `LANES` numbers of these strides.
                unsafe { *to.add(p * to_stride + j) = *from.add(j * stride + p) };
            }
        }
    }
}

/// Something to be computed, compiled for every instruction set. Its `run`, and what that calls, is to be `#[inline(always)]`.
pub(crate) trait Work {
    /// What comes of it.
    type Output;
    /// Computes it with the instructions of `I`.
    fn run<I: Isa>(self) -> Self::Output;
}

/// Computes with the best instructions that this processor has.
#[inline]
pub(crate) fn dispatch<W: Work>(work: W) -> W::Output {
    Level::best().run(work)
}

/// Has the loops of a closure compiled to the best vectors that this processor has. Their bits do not depend on which these are: the
/// compiler neither reorders nor fuses operations. For a loop or two: what is too long to be inlined by itself is to be a [`Work`].
#[inline]
pub(crate) fn vectorized<O>(loops: impl FnOnce() -> O) -> O {
    struct Loops<F>(F);
    impl<O, F: FnOnce() -> O> Work for Loops<F> {
        type Output = O;
        #[inline(always)]
        fn run<I: Isa>(self) -> O {
            (self.0)()
        }
    }
    dispatch(Loops(loops))
}

/// Numbers as an array, of a length that the compiler knows: padded with zeros where there are fewer.
#[inline(always)]
pub(crate) fn padded<T: num_traits::Zero + Copy, const N: usize>(numbers: &[T]) -> [T; N] {
    // Where there are as many the compiler sees a plain load.
    numbers.try_into().unwrap_or_else(|_| {
        let mut array = [T::zero(); N];
        array[..numbers.len()].copy_from_slice(numbers);
        array
    })
}

/// An instruction set that this processor has; made by [`Level::all`] and [`Level::best`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best that there is.
    #[inline]
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Set::Avx512);
            }
            if has_avx2() {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Portable)
    }

    /// All that there are, for tests: each kernel has to agree with its reference in every one of them.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(has_avx2().then_some(Self(Set::Avx2)));
            all.extend(has_avx512().then_some(Self(Set::Avx512)));
        }
        all
    }

    /// Computes with the instructions of this level.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            Set::Portable => in_portable(work),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Level` of AVX2 is only made where the processor has it.
            Set::Avx2 => unsafe { in_avx2(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Level` of AVX-512 is only made where the processor has it.
            Set::Avx512 => unsafe { in_avx512(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("avx512bw") && has_avx2()
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("fma")
}

// Each is a function of its own, never part of its caller: what room a kernel has on the stack is taken for the kernel alone, and given back
// before anything waits for another thread.

#[inline(never)]
fn in_portable<W: Work>(work: W) -> W::Output {
    work.run::<Portable>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
#[inline(never)]
fn in_avx512<W: Work>(work: W) -> W::Output {
    work.run::<super::x86::Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
fn in_avx2<W: Work>(work: W) -> W::Output {
    work.run::<super::x86::Avx2>()
}

/// What every processor has: plain Rust, which the compiler vectorizes as it can. Also the reference of the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Isa for Portable {
    const FMA: bool = false;
    type F32 = PlainLanes<f32, 4>;
    type F64 = PlainLanes<f64, 2>;
}

/// Arrays of `N` numbers as vectors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainLanes<T, const N: usize>(std::marker::PhantomData<T>);

impl<T: Kernel + num_traits::Float + 'static, const N: usize> Simd for PlainLanes<T, N> {
    type Number = T;
    type Vector = [T; N];
    type Mask = usize;
    const LANES: usize = N;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn first(count: usize) -> usize {
        count
    }
    #[inline(always)]
    unsafe fn zero() -> [T; N] {
        [T::zero(); N]
    }
    #[inline(always)]
    unsafe fn splat(number: T) -> [T; N] {
        [number; N]
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> [T; N] {
        // SAFETY: the caller's pointer is valid for `N` numbers.
        unsafe { from.cast::<[T; N]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const T, count: usize) -> [T; N] {
        // SAFETY: the caller's pointer is valid for `count` numbers, and no others are read.
        std::array::from_fn(|lane| if lane < count { unsafe { *from.add(lane) } } else { T::zero() })
    }
    #[inline(always)]
    unsafe fn store(to: *mut T, vector: [T; N]) {
        // SAFETY: the caller's pointer is valid for `N` numbers.
        unsafe { to.cast::<[T; N]>().write_unaligned(vector) }
    }
    #[inline(always)]
    unsafe fn store_part(to: *mut T, count: usize, vector: [T; N]) {
        for (lane, number) in vector.into_iter().enumerate().take(count) {
            // SAFETY: the caller's pointer is valid for `count` numbers, and no others are written.
            unsafe { *to.add(lane) = number };
        }
    }
    #[inline(always)]
    unsafe fn mul_add(a: [T; N], b: [T; N], c: [T; N]) -> [T; N] {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
}
