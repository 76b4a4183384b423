//! Numbers and names as people read them.

use super::markup::harmless;
use crate::stability::short;
use crate::{Bin, Severity};

/// A number, or a dash where there is none.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

/// A number of evidence: whole ones, which most often count something, without decimals.
pub(super) fn quantity(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 { format!("{}", value as i64) } else { short(value) }
}

/// A share in percent, or a dash where there is none.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{} %", short((1000.0 * share).round() / 10.0)))
}

/// `1 step`, or `2 steps`.
pub(super) fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `the one layer`, or `each of 2 layers`.
pub(super) fn each(number: usize, what: &str) -> String {
    if number == 1 { format!("the one {what}") } else { format!("each of {number} {what}s") }
}

/// `step 3`, or `steps 3 to 5`.
pub(super) fn steps((first, last): (u64, u64)) -> String {
    if first == last { format!("step {first}") } else { format!("steps {first} to {last}") }
}

/// What is in a bin: a number, or the mean and the range of several, and how many are not finite.
pub(super) fn contents(bin: &Bin) -> String {
    let finite = match bin.count {
        0 => None,
        1 => Some(short(bin.mean)),
        _ if bin.smallest == bin.largest => Some(short(bin.mean)),
        _ => Some(format!("{} ({} to {})", short(bin.mean), short(bin.smallest), short(bin.largest))),
    };
    let not_finite = (bin.non_finite > 0).then(|| format!("{} not finite", bin.non_finite));
    [finite, not_finite].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Words of a name of this crate: spaces for underscores, but `non-finite`.
pub(super) fn spaced(name: &str) -> String {
    name.replace("non_", "non-").replace('_', " ")
}

/// The same with a capital at the beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The sign of a severity; each has a shape of its own.
pub(super) fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✖",
        Severity::Warning => "▲",
        Severity::Info => "●",
    }
}

/// How many of each severity, in words, the worst first.
pub(super) fn counted(severities: impl Iterator<Item = Severity> + Clone) -> String {
    let count = |severity: Severity| {
        let found = severities.clone().filter(|&other| other == severity).count();
        (found > 0).then(|| format!("{} {found} {severity}", sign(severity)))
    };
    let counts = [Severity::Critical, Severity::Warning, Severity::Info].into_iter().filter_map(count);
    counts.collect::<Vec<_>>().join(", ")
}

/// How many columns of a terminal a letter may take. Where it is not sure, two: a line may be too short, but not too long.
pub(super) fn columns(letter: char) -> usize {
    if letter < '\u{1100}' || ('\u{2010}'..='\u{27BF}').contains(&letter) { 1 } else { 2 }
}

/// How many columns of a terminal a text may take.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A name in at most so many columns: where it is longer the middle is left out, as names often differ at their ends. No letter of it
/// can do harm.
pub(super) fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().map(harmless).collect();
    if letters.iter().copied().map(columns).sum::<usize>() <= most {
        return letters.into_iter().collect();
    }
    let half = |room: usize, letters: &mut dyn Iterator<Item = char>| {
        let mut left = room;
        let fits = |letter: &char| {
            let fits = columns(*letter) <= left;
            left = left.saturating_sub(columns(*letter));
            fits
        };
        letters.take_while(fits).collect::<Vec<char>>()
    };
    let ends = most.saturating_sub(1);
    let before = half(ends.div_ceil(2), &mut letters.iter().copied());
    let after = half(ends / 2, &mut letters.iter().rev().copied());
    before.into_iter().chain(['…']).chain(after.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        assert_eq!([0, 1, 2].map(|number| count(number, "step")), ["0 steps", "1 step", "2 steps"]);
        assert_eq!([1, 2].map(|number| each(number, "layer")), ["the one layer", "each of 2 layers"]);
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("12.linear", 9), "12.linear");
        assert_eq!(shortened("12.linear.weight", 9), "12.l…ight");
        assert_eq!(shortened("层层层层层层", 8), "层层…层");
        assert_eq!(shortened("a\u{1b}[31m", 9), "a\u{fffd}[31m");
        assert_eq!(shortened("abc", 0), "…");
    }

    #[test]
    fn shares_are_in_percent() {
        assert_eq!(percent(Some(0.0)), "0 %");
        assert_eq!(percent(Some(1.0)), "100 %");
        assert_eq!(percent(Some(1.0 / 3.0)), "33.3 %");
        assert_eq!(percent(Some(f64::NAN)), "NaN %");
        assert_eq!(percent(None), "–");
    }

    #[test]
    fn counts_are_whole() {
        let found = [3599.0, -0.0, 0.25, 1e12, f64::NAN].map(quantity);
        assert_eq!(found, ["3599", "0", "0.250", "1.0e12", "NaN"]);
    }

    #[test]
    fn severities_are_counted_in_words() {
        let severities = [Severity::Info, Severity::Critical, Severity::Info];
        assert_eq!(counted(severities.into_iter()), "✖ 1 critical, ● 2 info");
    }
}
