//! What takes too long for a test: `cargo run --release --example proofs -- --quick`.

mod calibration;
#[path = "../common/mod.rs"]
mod common;
#[path = "../../tests/healthy_draws/mod.rs"]
mod draws;
mod fuzz;
mod healthy;
mod labelled;
#[path = "../../tests/mutations/mod.rs"]
mod mutations;
#[path = "../../tests/labelled/mod.rs"]
mod runs;
mod speed;
mod variations;

use std::process::ExitCode;

use common::{Failure, Options};

const HELP: &str = "\
Proves at length what the tests show in short.

usage: cargo run --release --example proofs -- [NAME] [OPTIONS]

  NAME, or --only NAME
                     calibration: are 95 % of networks within the forecast's bars of 95 %?
                     fuzz: does any text make the reader of recipes panic?
                     healthy: do networks that learn raise an alarm?
                     labelled: are the runs of tests/cases diagnosed right, and mended?
                     speed: how long a forecast of 1,000 layers takes
                     variations: are they diagnosed right with other seeds, and with small changes?
                     Without a name all of them.
  --networks 20000   so many of each family of the calibration
  --learned 300      so many healthy networks
  --mutations 1000000
                     so many texts
  --quick            1,000, 40 and 100,000 of these, and every tenth labelled run

Exit status 1 where a proof fails, 2 where something else does.
";

const NAMES: [&str; 6] = ["calibration", "fuzz", "healthy", "labelled", "speed", "variations"];

/// One proof: what was looked at, what was found, and whether it is as claimed.
#[derive(Debug)]
pub struct Proof {
    pub of: String,
    pub found: String,
    pub holds: bool,
}

fn main() -> ExitCode {
    let mut failed = 0;
    let ended = common::run(|| -> Result<(), Failure> {
        let mut options = Options::read(HELP);
        let quick = options.flag("--quick");
        let networks: u64 = options.value("--networks", if quick { "1000" } else { "20000" })?;
        let learned: u64 = options.value("--learned", if quick { "40" } else { "300" })?;
        let mutations: usize = options.value("--mutations", if quick { "100000" } else { "1000000" })?;
        let only: String = options.value("--only", "")?;
        let only =
            if only.is_empty() { NAMES.into_iter().find(|name| options.flag(name)).unwrap_or("") } else { &only };
        options.done()?;
        if !only.is_empty() && !NAMES.contains(&only) {
            return Err(format!("there is no proof {only:?}; see --help").into());
        }
        let wanted = |name: &str| only.is_empty() || only == name;
        let mut say = |proof: Proof| {
            failed += usize::from(!proof.holds);
            println!("{:34} {:52} {}", proof.of, proof.found, if proof.holds { "holds" } else { "DOES NOT HOLD" });
        };
        if wanted("speed") {
            speed::run(&mut say)?;
        }
        if wanted("fuzz") {
            fuzz::run(mutations, &mut say)?;
        }
        if wanted("labelled") {
            labelled::run(if quick { 10 } else { 1 }, &mut say)?;
        }
        if wanted("variations") {
            variations::run(&mut say)?;
        }
        if wanted("healthy") {
            healthy::run(learned, &mut say)?;
        }
        if wanted("calibration") {
            calibration::run(networks, &mut say)?;
        }
        println!("{failed} do not hold");
        Ok(())
    });
    if failed > 0 { ExitCode::from(1) } else { ended }
}
