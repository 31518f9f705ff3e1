//! Loops over blocks of numbers, run with the widest vectors that the machine has.
//!
//! The compiled program is for any machine of its family; which vectors there are is asked when it runs. What is
//! computed is the same to the bit: an element never meets another, and no multiplication is fused with an addition.

#![expect(
    clippy::inline_always,
    reason = "a loop is vectorised for the caller's instruction set only where all of it is inlined"
)]

use pulp::{Arch, NullaryFnOnce};

use crate::elementary::exp;

/// How many numbers are worked on at a time: few enough to stay in the nearest cache, enough to hide the asking.
pub(crate) const BLOCK: usize = 512;

/// Replaces every element `old` of `to` by `f(from, old)`, with the element of `from` at its place.
///
/// One pass should hold one function: the loop around a long chain of them has too little to do at a time.
///
/// # Panics
/// If `from` is shorter than `to`.
pub(crate) fn update<A: Copy, B: Copy, F: Fn(A, B) -> B>(from: &[A], to: &mut [B], f: F) {
    Arch::new().dispatch(Update { from: &from[..to.len()], to, f });
}

// A struct and not a closure: what runs a closure once is a function that is not compiled for wide vectors.
struct Update<'a, A, B, F> {
    from: &'a [A],
    to: &'a mut [B],
    f: F,
}

impl<A: Copy, B: Copy, F: Fn(A, B) -> B> NullaryFnOnce for Update<'_, A, B, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (from, to) in self.from.iter().zip(self.to) {
            *to = (self.f)(*from, *to);
        }
    }
}

/// Replaces every `x` by the exponential of a Chebyshev series at `x / reach`.
pub(crate) fn update_in_lanes(values: &mut [f64], coefficients: &[f64], reach: f64) {
    Arch::new().dispatch(Series { values, coefficients, reach });
}

/// So many elements go through the series together: each step of one waits for the step before.
const LANES: usize = 32;

struct Series<'a> {
    values: &'a mut [f64],
    coefficients: &'a [f64],
    reach: f64,
}

impl NullaryFnOnce for Series<'_> {
    type Output = ();

    /// Clenshaw's recurrence.
    #[inline(always)]
    fn call(self) {
        for values in self.values.chunks_mut(LANES) {
            let mut x = [0.0; LANES];
            x[..values.len()].copy_from_slice(values);
            let twice = x.map(|x| 2.0 * x / self.reach);
            let (mut sum, mut before) = ([0.0; LANES], [0.0; LANES]);
            for c in self.coefficients[1..].iter().rev() {
                for lane in 0..LANES {
                    let next = twice[lane] * sum[lane] - before[lane] + c;
                    before[lane] = sum[lane];
                    sum[lane] = next;
                }
            }
            for lane in 0..LANES {
                x[lane] = exp(0.5 * twice[lane] * sum[lane] - before[lane] + self.coefficients[0]);
            }
            values.copy_from_slice(&x[..values.len()]);
        }
    }
}
