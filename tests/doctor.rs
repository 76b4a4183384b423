//! What the example `doctor` is told, and how it speaks: examples are built by `cargo test`, and their tests are not run.
#![allow(dead_code, reason = "tests use a part of it")]

#[path = "../examples/doctor/answer.rs"]
mod answer;
#[path = "../examples/doctor/arguments.rs"]
mod arguments;
#[path = "../examples/doctor/beside.rs"]
mod beside;
#[path = "../examples/doctor/output.rs"]
mod output;
