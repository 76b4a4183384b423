//! The kit for those who write parts of their own: the crate's own parts pass it, and what is wrong does not.

mod clippers;
mod initializers;
mod layers;
mod propagation;
