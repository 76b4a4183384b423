//! Matrix multiply and norms: the only place with `unsafe`, and the only runtime dispatch.
#![allow(unsafe_code)]

mod dispatch;
mod multiply;
mod norm;

pub(crate) use dispatch::Kernel;
pub(crate) use multiply::{Matrix, multiply};
pub(crate) use norm::{Norm, first_non_finite, norm};
