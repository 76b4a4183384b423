//! The contestants in Python: a child process that is asked for one sample after the other.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::workload::Workload;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py");

pub struct Python {
    /// None where it could not be started, or is gone.
    process: Option<Process>,
}

struct Process {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub fn start(python: &str, threads: usize) -> Self {
        let mut command = Command::new(python);
        command.arg(SCRIPT).arg(threads.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let process = command.spawn().map(|mut child| {
            let questions = child.stdin.take().expect("a pipe");
            let answers = BufReader::new(child.stdout.take().expect("a pipe"));
            Process { child, questions, answers }
        });
        Self { process: process.inspect_err(|error| eprintln!("{python}: {error}")).ok() }
    }

    /// Microseconds of a step; none where the peer cannot be had.
    pub fn sample(&mut self, peer: &str, workload: &Workload) -> Option<f64> {
        let process = self.process.as_mut()?;
        match process.ask(&format!("{peer} {}\n", workload.line())) {
            // `peer workload microseconds loss`, or a `-` for the number.
            Ok(answer) => answer.split_whitespace().nth(2)?.parse().ok(),
            Err(error) => {
                eprintln!("the Python process: {error}");
                self.process = None;
                None
            }
        }
    }
}

impl Process {
    fn ask(&mut self, question: &str) -> io::Result<String> {
        self.questions.write_all(question.as_bytes())?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing it does is worth waiting for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
