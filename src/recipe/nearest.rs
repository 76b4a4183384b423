//! Which of some known words a mistyped one is likely to mean.

/// The known word that is fewest edits away, where that is at most one in three letters.
pub(super) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let edits = known.iter().map(|&word| (edits(typed, word), word));
    let (count, word) = edits.min_by_key(|&(count, _)| count)?;
    (3 * count <= typed.chars().count().max(word.chars().count())).then_some(word)
}

/// How many letters must be put in, taken out, replaced, or swapped with their neighbour to get from one word to another: the distance of
/// optimal string alignment.
fn edits(from: &str, to: &str) -> usize {
    // Whatever is longer is no slip of a finger, and is not to cost its square.
    const LONGEST: usize = 64;
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(LONGEST).collect(), to.chars().take(LONGEST).collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("", "ab", 2),
            ("bach", "batch", 1),
            ("sede", "seed", 1),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
        ] {
            assert_eq!((edits(from, to), edits(to, from)), (count, count), "{from}, {to}");
        }
    }

    #[test]
    fn only_what_is_near_is_meant() {
        assert_eq!(nearest("bach", &["loss", "batch", "epochs"]), Some("batch"));
        assert_eq!(nearest("lerning_rat", &["kind", "learning_rate"]), Some("learning_rate"));
        assert_eq!(nearest("width", &["kind", "units"]), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
