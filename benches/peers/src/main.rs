//! One training step of evenkeel beside its peers': candle, burn and dfdx in this process, PyTorch, JAX and TensorFlow in a Python process.
//!
//! ```sh
//! pip install torch jax tensorflow numpy        # optional: what cannot be imported is shown as `-`
//! cd benches/peers
//! cargo run --release                          # one thread
//! cargo run --release -- --threads 2
//! cargo run --release -- --python ~/venv/bin/python --only W1,W4
//! cargo run --release -- --memory W3           # peak resident memory of evenkeel alone
//! RUSTFLAGS="-C target-cpu=native" cargo run --release    # what candle asks for; evenkeel looks at run time
//! ```
//!
//! A step is forward, loss (read), backward, where the workload says so clipping with the norms read, and update, on one batch in
//! memory. Each contestant goes the fast way of its documentation. Needs Linux: `taskset` pins the whole process, its child included,
//! to as many cores as there are threads; a round asks each contestant for one sample, so that whatever slows the machine down meets
//! all of them; the table shows the medians. Run it on a machine that has nothing else to do: threads that wait for each other by
//! spinning, as PyTorch's do, take a multiple of the time where one of them has to share its core. On PyPI the Linux wheel of PyTorch brings the CUDA libraries along, several GB.

mod burn;
mod candle;
mod dfdx;
mod evenkeel;
mod measure;
mod options;
mod python;
mod table;
mod workload;

use std::error::Error;

use measure::{Here, median};
use options::Options;
use python::Python;
use table::Table;
use workload::{Step, Workload};

/// In the order of the columns: evenkeel first.
const RUST: [&str; 4] = ["evenkeel", "candle", "burn", "dfdx"];
const PYTHON: [&str; 3] = ["pytorch", "jax", "tensorflow"];

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_arguments()?;
    if !options::is_pinned() {
        return options.run_pinned();
    }
    if let Some(name) = &options.memory {
        return memory(name);
    }
    let mut python = Python::start(&options.python, options.threads);
    let mut table = Table::new([&RUST[..], &PYTHON[..]].concat());
    for workload in Workload::all().into_iter().filter(|workload| options.wants(workload.name)) {
        table.row(workload.description(), compare(&workload, &mut python, options.samples));
    }
    table.print();
    Ok(())
}

/// The median microseconds of each contestant, in the order of the columns.
fn compare(workload: &Workload, python: &mut Python, samples: usize) -> Vec<Option<f64>> {
    let mut here = RUST.map(|peer| prepared(peer, workload).map(Here::new));
    let mut times = vec![Vec::with_capacity(samples); RUST.len() + PYTHON.len()];
    // The first round warms up, and is dropped.
    for round in 0..=samples {
        let rust = here.iter_mut().map(|contestant| contestant.as_mut().and_then(Here::sample));
        let mut sampled = rust.collect::<Vec<_>>();
        sampled.extend(PYTHON.map(|peer| python.sample(peer, workload)));
        if round > 0 {
            times.iter_mut().zip(sampled).for_each(|(times, sample)| times.extend(sample));
        }
    }
    times.into_iter().map(median).collect()
}

fn prepared(peer: &str, workload: &Workload) -> Option<Step> {
    let step = match peer {
        "evenkeel" => evenkeel::step(workload),
        "candle" => candle::step(workload).map_err(Into::into),
        "burn" => Ok(burn::step(workload)),
        _ => return dfdx::step(workload),
    };
    step.inspect_err(|error| eprintln!("{peer} {}: {error}", workload.name)).ok()
}

/// Trains for some steps and tells the most memory that the process held at any time.
fn memory(name: &str) -> Result<(), Box<dyn Error>> {
    let workload = Workload::all().into_iter().find(|workload| workload.name == name).ok_or("no such workload")?;
    let before = measure::peak_kib()?;
    let mut step = evenkeel::step(&workload)?;
    (0..20).for_each(|_| {
        step();
    });
    let peak = measure::peak_kib()?;
    println!(
        "{}: evenkeel, peak {peak} KiB resident, {before} KiB of them before the network was built",
        workload.description()
    );
    Ok(())
}
