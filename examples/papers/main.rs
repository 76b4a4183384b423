//! Published results about the start of deep networks, run again: `cargo run --release --example papers -- --only hanin`.

#[path = "../common/mod.rs"]
mod common;
mod depth;
mod stack;
mod starts;
mod trained;

use std::process::ExitCode;

use common::{Failure, Options, run};

const HELP: &str = "\
Runs published results again and tells which hold.

    --only NAME   one of hanin, d2l, batch_norm, residual, selu, glorot, gelu, he, saxe, schoenholz, two_hundred
    --quick       all but schoenholz, which trains for a minute
    --json        one JSON object a row

Exit status 1 where fewer than ten hold, or the one that was asked for does not; 2 where something fails.
";

/// How many standard errors a mean may be off: a true one is further off less than once in 100,000 rows, were it normal.
pub const SIGMAS: f64 = 4.5;

/// One result: what is expected, what passes, and what was measured.
#[derive(Debug, Clone)]
pub struct Row {
    pub paper: &'static str,
    pub setting: String,
    pub expected: String,
    pub passes: String,
    pub measured: String,
    pub holds: bool,
    pub note: String,
}

impl Row {
    /// The row as a JSON object; its strings are printable ASCII, for which Rust's escapes are JSON's.
    fn json(&self) -> String {
        format!(
            "{{\"paper\": {:?}, \"setting\": {:?}, \"expected\": {:?}, \"passes\": {:?}, \"measured\": {:?}, \"holds\": {}, \"note\": {:?}}}",
            self.paper, self.setting, self.expected, self.passes, self.measured, self.holds, self.note
        )
    }
}

type Paper = (&'static str, fn() -> Result<Vec<Row>, Failure>);

/// How many are to hold: training from a few seeds may show one or the other not.
const ENOUGH: usize = 10;

/// The one that trains for a minute.
const LONG: &str = "schoenholz";

const PAPERS: [Paper; 11] = [
    ("hanin", starts::hanin),
    ("d2l", starts::d2l),
    ("batch_norm", starts::batch_norm),
    ("residual", starts::residual),
    ("selu", starts::selu),
    ("glorot", starts::glorot),
    ("gelu", gelu),
    ("he", trained::he),
    ("saxe", trained::saxe),
    ("schoenholz", depth::schoenholz),
    ("two_hundred", depth::two_hundred),
];

/// What becomes of deep GELU networks at their gain, and what mends it: one result, of Roberts 2022 and of Mishkin 2016.
fn gelu() -> Result<Vec<Row>, Failure> {
    Ok([starts::gelu()?, depth::lsuv()?].concat())
}

fn main() -> ExitCode {
    let (mut held, mut failed) = (0, 0);
    let mut wanted = ENOUGH;
    let ended = run(|| {
        let mut options = Options::read(HELP);
        let only: String = options.value("--only", "")?;
        let json = options.flag("--json");
        let quick = options.flag("--quick");
        options.done()?;
        if !only.is_empty() && PAPERS.iter().all(|(name, _)| *name != only) {
            return Err(format!("there is no paper {only:?}; see --help").into());
        }
        if !only.is_empty() {
            wanted = 1;
        }
        for (name, paper) in PAPERS {
            let left_out = if only.is_empty() { quick && name == LONG } else { name != only };
            if left_out {
                continue;
            }
            let rows = paper()?;
            if rows.iter().all(|row| row.holds) {
                held += 1
            } else {
                failed += 1
            }
            for row in rows {
                if json {
                    println!("{}", row.json());
                    continue;
                }
                let verdict = if row.holds { "holds" } else { "DOES NOT HOLD" };
                println!("{:20} {}", row.paper, row.setting);
                println!(
                    "    expected {:10} passes {:18} measured {:22} {verdict}",
                    row.expected, row.passes, row.measured
                );
                println!("    {}", row.note);
            }
        }
        if !json {
            println!("{held} hold, {failed} do not");
        }
        Ok(())
    });
    if ended == ExitCode::SUCCESS && held < wanted { ExitCode::from(1) } else { ended }
}
