//! Patches as this side writes them, applied as the SDKs do. `tests/sdk` gives the same vectors to the SDKs' own decoders.

use std::fmt::Write as _;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::*;

#[path = "../../../tests/fuzz/apply.rs"]
mod apply;
use apply::apply;

/// Two payloads, in parts of `[text, how often]`, and their patch. What is no text is in hexadecimal digits.
#[derive(Deserialize, Serialize)]
struct Vector {
    name: String,
    is_text: bool,
    old: Vec<(String, usize)>,
    new: Vec<(String, usize)>,
    patch: String,
}

fn bytes(is_text: bool, parts: &[(String, usize)]) -> Vec<u8> {
    let part = |text: &str| if is_text { text.as_bytes().to_vec() } else { from_hex(text) };
    parts.iter().flat_map(|(text, times)| part(text).repeat(*times)).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// The vectors are in a file of their own, because the SDKs' decoders are tried on them as well.
#[test]
fn patches_are_those_that_the_sdks_can_apply() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/delta_vectors.jsonl");
    let vectors = std::fs::read_to_string(path).unwrap();
    let mut now = String::new();
    for line in vectors.lines() {
        let mut vector: Vector = serde_json::from_str(line).unwrap();
        let (old, new) = (bytes(vector.is_text, &vector.old), bytes(vector.is_text, &vector.new));
        let patch = delta(&old, &new);
        assert_eq!(apply(&old, &patch), new, "{}", vector.name);
        vector.patch = if vector.is_text { String::from_utf8(patch).unwrap() } else { hex(&patch) };
        writeln!(now, "{}", serde_json::to_string(&vector).unwrap()).unwrap();
    }
    assert!(now == vectors, "patches have changed; if they are meant to, the file is now:\n{now}");
}

#[test]
fn any_bytes_come_out_as_they_went_in() {
    let mut rng = StdRng::seed_from_u64(1);
    for round in 0..3_000 {
        // Few different letters: many blocks are alike.
        let letters = [2, 5, 256][round % 3];
        let old = noise(&mut rng, 300, letters);
        let new = edited(&mut rng, &old, letters);
        assert_eq!(apply(&old, &delta(&old, &new)), new, "{} → {}", hex(&old), hex(&new));
    }
}

#[test]
fn the_patch_of_a_text_is_a_text() {
    let mut rng = StdRng::seed_from_u64(2);
    // Letters of one to four bytes that share bytes with each other.
    let alphabet = ['a', 'é', 'è', 'ã', '€', '₭', '😀', '😁'];
    let text =
        |rng: &mut StdRng, len| -> String { (0..len).map(|_| alphabet[rng.random_range(0..alphabet.len())]).collect() };
    for _ in 0..3_000 {
        let (head, tail) = (text(&mut rng, 30), text(&mut rng, 30));
        let old = format!("{head}{}{tail}", text(&mut rng, 3));
        let new = format!("{}{head}{}{tail}", text(&mut rng, 2), text(&mut rng, 3));
        let patch = delta(old.as_bytes(), new.as_bytes());
        assert!(std::str::from_utf8(&patch).is_ok(), "{old} → {new}");
        assert_eq!(apply(old.as_bytes(), &patch), new.as_bytes());
    }
}

#[test]
fn what_is_alike_is_not_said_again() {
    let mut rng = StdRng::seed_from_u64(3);
    let old = noise(&mut rng, 64 * 1024, 256);
    assert!(delta(&old, &old).len() < 20);
    let shorter = [&old[..10_000], &old[50_000..]].concat();
    assert!(delta(&old, &shorter).len() < 30);
    let longer = [&old[..20_000], b"something new", &old[20_000..]].concat();
    assert!(delta(&old, &longer).len() < 50);
    // All blocks are the same, and the format's shortest patch is found all the same.
    let (zeros, more) = (vec![0; 64 * 1024], vec![0; 64 * 1024 - 1]);
    assert!(delta(&zeros, &more).len() < 20);
}

#[test]
fn a_fix_after_the_other_takes_little_to_say() {
    let fix = |second: u32, along: u32| {
        format!(
            r#"{{"type":"fixes","at":"2026-08-21T06:12:{second:02}Z","fixes":[{{"time":"2026-08-21T06:12:{second:02}Z","latitude":60.1{along},"longitude":24.9{along}}}],"distance_m":{along},"moving_s":{second}}}"#
        )
    };
    let (old, new) = (fix(10, 7_123_456), fix(11, 7_124_861));
    let patch = delta(old.as_bytes(), new.as_bytes());
    assert!(patch.len() * 3 < new.len() * 2, "{} of {}", patch.len(), new.len());
}

fn noise(rng: &mut StdRng, len: usize, letters: u16) -> Vec<u8> {
    (0..len).map(|_| u8::try_from(rng.random_range(0..letters)).unwrap()).collect()
}

/// Some pieces of `old`, in any order, and some that are new.
fn edited(rng: &mut StdRng, old: &[u8], letters: u16) -> Vec<u8> {
    let mut new = Vec::new();
    for _ in 0..rng.random_range(0..6) {
        let start = rng.random_range(0..=old.len());
        let end = rng.random_range(start..=old.len());
        new.extend_from_slice(&old[start..end]);
        let fresh_len = rng.random_range(0..12);
        new.extend(noise(rng, fresh_len, letters));
    }
    new
}
