//! The printed table.

use std::env;
use std::fs;
use std::process::Command;

pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Table {
    pub fn new(columns: Vec<&'static str>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub fn row(&mut self, name: String, microseconds: Vec<Option<f64>>) {
        self.rows.push((name, microseconds));
    }

    /// A row a workload, a column a contestant in microseconds, and what the fastest of the others takes, in steps of the first.
    pub fn print(&self) {
        println!("{}, {}, load average {}", date(), processor(), load());
        println!("{}", env::args().collect::<Vec<_>>().join(" "));
        println!("microseconds a training step, the median of the samples\n");
        let cells = |cells: &[String]| cells.iter().map(|cell| format!("{cell:>11}")).collect::<String>();
        let names = self.columns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        println!("  {}{:>22}", cells(&names), "best peer / evenkeel");
        for (name, times) in &self.rows {
            let label = name.split(':').next().unwrap_or_default();
            let shown = times.iter().map(|time| time.map_or("-".to_owned(), |time| format!("{time:.1}")));
            println!("{label}{}{:>22}", cells(&shown.collect::<Vec<_>>()), self.ratio(times));
        }
        println!();
        self.rows.iter().for_each(|(name, _)| println!("{name}"));
    }

    fn ratio(&self, times: &[Option<f64>]) -> String {
        let (own, peers) = times.split_first().expect("a first column");
        let named = peers.iter().zip(&self.columns[1..]).filter_map(|(time, name)| Some(((*time)?, name)));
        match (own, named.min_by(|a, b| a.0.total_cmp(&b.0))) {
            (Some(own), Some((best, name))) => format!("{:.2} ({name})", best / own),
            _ => "-".to_owned(),
        }
    }
}

/// Today, as the system writes it: the standard library has no calendar.
fn date() -> String {
    let date = Command::new("date").arg("+%Y-%m-%d").output();
    date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// How many wanted to run in the last minute: beyond this program's own threads they took time from the contestants.
fn load() -> String {
    let known = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    known.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn processor() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = known.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("an unknown processor".to_owned(), |(_, name)| name.to_owned())
}
