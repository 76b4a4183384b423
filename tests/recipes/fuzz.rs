//! Whatever the bytes, it is no panic.

use super::super::{labelled, mutations};
use super::{Folder, described_completely};

#[test]
fn no_bytes_make_it_panic() {
    let count = std::env::var("RECIPE_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let folder = Folder::new("mutations");
    let rates_and_clippers = folder.write("rates-and-clippers.toml", &described_completely());
    for (recipes, count) in [(labelled::all(), count), (vec![rates_and_clippers], count / 4)] {
        let read = mutations::read(&recipes, count);
        // Both happen, or nothing was tried.
        assert!(0 < read && read < count, "{read} of {count} read");
    }
}
