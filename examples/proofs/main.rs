//! What takes too long for a test: `cargo run --release --example proofs -- --quick`.

mod calibration;
#[path = "../common/mod.rs"]
mod common;
mod labelled;
#[path = "../../tests/labelled/mod.rs"]
mod runs;
mod speed;

use std::process::ExitCode;

use common::{Failure, Options};

const HELP: &str = "\
Proves at length what the tests show in short.

usage: cargo run --release --example proofs -- [OPTIONS]

  --only NAME        calibration: are 95 % of networks within the forecast's bars of 95 %?
                     labelled: are the runs of tests/cases diagnosed right, and mended?
                     speed: how long a forecast of 1,000 layers takes
  --networks 20000   so many of each family
  --quick            1,000 of each family

Exit status 1 where a proof fails, 2 where something else does.
";

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
        let only: String = options.value("--only", "")?;
        let networks: u64 = options.value("--networks", "20000")?;
        let networks = if options.flag("--quick") { 1000 } else { networks };
        options.done()?;
        if !["", "calibration", "labelled", "speed"].contains(&only.as_str()) {
            return Err(format!("there is no proof {only:?}; see --help").into());
        }
        let mut say = |proof: Proof| {
            failed += usize::from(!proof.holds);
            println!("{:34} {:52} {}", proof.of, proof.found, if proof.holds { "holds" } else { "DOES NOT HOLD" });
        };
        if only.is_empty() || only == "speed" {
            speed::run(&mut say)?;
        }
        if only.is_empty() || only == "labelled" {
            labelled::run(&mut say)?;
        }
        if only.is_empty() || only == "calibration" {
            calibration::run(networks, &mut say)?;
        }
        println!("{failed} do not hold");
        Ok(())
    });
    if failed > 0 { ExitCode::from(1) } else { ended }
}
