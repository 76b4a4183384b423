//! What the example `doctor` is told, and how it speaks: examples are built by `cargo test`, and their tests are not run.
#![allow(dead_code, reason = "its tests use a part")]

#[path = "../examples/doctor/arguments.rs"]
mod arguments;
#[path = "../examples/doctor/output.rs"]
mod output;
