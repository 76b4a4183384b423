//! Checks for those who write layers of their own.

mod gradient;

pub use gradient::{Checked, Failure, gradients, gradients_of_sequences};
