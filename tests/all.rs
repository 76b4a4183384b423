//! What a user of the crate may rely on, one file a promise.
//!
//! They are one binary, since every binary compiles the layers that it uses anew; but for those that count something of the whole process,
//! which are binaries of their own: `allocations` and `threads`.

// What several of them use.
mod alone;
mod common;
mod drawn;
mod functions;
mod healthy_draws;
mod labelled;
mod mutations;
mod one_way;

#[path = "attention.rs"]
mod attention;
#[path = "bad_calls.rs"]
mod bad_calls;
#[path = "bad_input.rs"]
mod bad_input;
#[path = "bits.rs"]
mod bits;
#[path = "clippers/main.rs"]
mod clippers;
#[path = "diagnosed.rs"]
mod diagnosed;
#[path = "diagnoses.rs"]
mod diagnoses;
#[path = "doctor.rs"]
mod doctor;
#[path = "edges.rs"]
mod edges;
#[path = "every_layer.rs"]
mod every_layer;
#[path = "extras/main.rs"]
mod extras;
#[path = "facts/main.rs"]
mod facts;
#[path = "fading.rs"]
mod fading;
#[path = "faults.rs"]
mod faults;
#[path = "first_bad_number.rs"]
mod first_bad_number;
#[path = "forecast/main.rs"]
mod forecast;
#[path = "golden.rs"]
mod golden;
#[path = "golden_normalization.rs"]
mod golden_normalization;
#[path = "gradients/main.rs"]
mod gradients;
#[path = "healthy.rs"]
mod healthy;
#[path = "healthy_at_random.rs"]
mod healthy_at_random;
#[path = "healthy_kinds.rs"]
mod healthy_kinds;
#[path = "images.rs"]
mod images;
#[path = "initializers/main.rs"]
mod initializers;
#[path = "kit/main.rs"]
mod kit;
#[path = "loss_at_start.rs"]
mod loss_at_start;
#[path = "losses.rs"]
mod losses;
#[path = "micro_batches.rs"]
mod micro_batches;
#[path = "moments/main.rs"]
mod moments;
#[path = "monitor.rs"]
mod monitor;
#[path = "nested.rs"]
mod nested;
#[path = "never_panics.rs"]
mod never_panics;
#[path = "normalization.rs"]
mod normalization;
#[path = "own_layer.rs"]
mod own_layer;
#[path = "own_parts.rs"]
mod own_parts;
#[path = "pictures/main.rs"]
mod pictures;
#[path = "recipes/main.rs"]
mod recipes;
#[path = "recurrent/main.rs"]
mod recurrent;
#[path = "repairs.rs"]
mod repairs;
#[path = "schedules.rs"]
mod schedules;
#[path = "severities.rs"]
mod severities;
#[path = "symptoms.rs"]
mod symptoms;
#[path = "ten_million_draws.rs"]
mod ten_million_draws;
#[path = "troubles.rs"]
mod troubles;
#[path = "unsteady.rs"]
mod unsteady;
#[path = "variance_propagation/main.rs"]
mod variance_propagation;

/// A file that nobody names here would be a test that nobody runs.
#[test]
fn every_file_is_named() {
    let named = include_str!("all.rs");
    let apart = ["all.rs", "allocations.rs", "threads"];
    // Parts of others, and data.
    let parts = [
        "alone",
        "cases",
        "common",
        "drawn",
        "functions",
        "golden",
        "healthy_draws",
        "labelled",
        "mutations",
        "one_way",
        "proptest-regressions",
    ];
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let file = if entry.path().is_dir() { format!("{name}/main.rs") } else { name.clone() };
        let skipped = apart.contains(&&*name) || parts.contains(&&*name) || !file.ends_with(".rs");
        assert!(skipped || named.contains(&format!("#[path = \"{file}\"]")), "{file} is not among the tests");
    }
}
