//! Recipes with mistakes in them: no text makes the reader panic, and what it reads it can write.
#![allow(dead_code, reason = "each user takes its own part")]

use std::path::PathBuf;

use evenkeel::recipe::Recipe;

/// Of a linear congruential generator: what is mutated needs no better one, and stays the same for ever.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// Changes some bytes, or takes some out, or puts others, or parts of the text itself, between them.
fn mutated(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    const PIECES: [&str; 16] = [
        "=",
        "\n",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "-",
        "1e999",
        "nan",
        "99999999999999999999",
        "0",
        ".",
        ",",
        "#",
        "[[layers]]",
    ];
    let mut bytes = text.to_vec();
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(bytes.len());
        let until = at + dice.below(20).min(bytes.len() - at);
        match dice.below(5) {
            0 => bytes[at] = dice.below(256) as u8,
            1 => drop(bytes.drain(at..until)),
            2 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            3 => drop(bytes.splice(at..until, PIECES[dice.below(PIECES.len())].bytes())),
            _ => {
                let from = dice.below(text.len());
                let part = text[from..(from + dice.below(60)).min(text.len())].to_vec();
                drop(bytes.splice(at..at, part));
            }
        }
    }
    bytes
}

/// Reads so many texts, each one of these recipes with some changes, and says how many were recipes still. What is one is written
/// and read again, and must be the same; what is none must say why.
pub fn read(recipes: &[PathBuf], count: usize) -> usize {
    let texts: Vec<Vec<u8>> = recipes.iter().map(|file| std::fs::read(file).expect("it was listed")).collect();
    let mut dice = Dice(1);
    let mut read = 0;
    for _ in 0..count {
        let bytes = mutated(&texts[dice.below(texts.len())], &mut dice);
        match Recipe::from_toml(&String::from_utf8_lossy(&bytes)) {
            Ok(recipe) => {
                // NaN is no number that equals itself, so the texts are compared.
                let written = recipe.to_toml();
                let again = Recipe::from_toml(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
                assert_eq!(again.to_toml(), written);
                read += 1;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    read
}
