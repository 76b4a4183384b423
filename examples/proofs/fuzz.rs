//! Texts that are no recipes, or others than they were.

use super::Proof;
use super::common::Failure;
use super::{mutations, runs};

/// Reads so many texts, of which none makes the reader panic, or ends the program.
pub fn run(count: usize, say: &mut impl FnMut(Proof)) -> Result<(), Failure> {
    let read = mutations::read(&runs::all(), count);
    let found = format!("{read} of {count} are recipes, the others are refused");
    say(Proof { of: "mutated recipes".to_owned(), found, holds: 0 < read && read < count });
    Ok(())
}
