//! Any bytes at all for every decoder, for a few seconds: the corpus, and what becomes of it when it is changed at random.
//!
//! `FUZZ_SECONDS=600 cargo test --release --test fuzz tokens` runs one of them for longer. What is found there more quickly,
//! and how, is in `tests/fuzz/guided/run`.

mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use targets::{TARGETS, Target};

/// Long enough for some ten thousand inputs.
const SECONDS: Duration = Duration::from_secs(2);
/// What a client may send in one message, and a little more.
const INPUT_BYTES_MAX: usize = 70_000;
/// One input on a machine that has other things to do.
const INPUT_TIME_MAX: Duration = Duration::from_secs(10);

/// Numbers, lengths and letters on which decoders go wrong.
const PIECES: [&[u8]; 16] = [
    b"0",
    b"-1",
    b"4294967296",
    b"18446744073709551616",
    b"1e999",
    b"\\ud800",
    b"\"",
    b"[[[[[[[[",
    b"{\"a\":",
    b"null",
    b"%ff",
    b"\n",
    b"..",
    &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
    &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    &[0x00],
];

/// One after another: each has the seconds that it is given to itself.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn json_lines() {
    fuzz("json_lines");
}

#[test]
fn protobuf_frames() {
    fuzz("protobuf_frames");
}

#[test]
fn posts() {
    fuzz("posts");
}

#[test]
fn tokens() {
    fuzz("tokens");
}

#[test]
fn queries() {
    fuzz("queries");
}

#[test]
fn deltas() {
    fuzz("deltas");
}

#[test]
fn formulas() {
    fuzz("formulas");
}

fn fuzz(name: &str) {
    let _turn = TURN.lock();
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).expect("a target");
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "there is nothing to begin with");
    for input in &corpus {
        try_one(name, target, input);
    }
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let time = seconds.map_or(SECONDS, Duration::from_secs);
    // Another way each time; the input is kept when it fails.
    let mut rng = StdRng::from_rng(&mut rand::rng());
    let began = Instant::now();
    let mut inputs_len = 0_u64;
    while began.elapsed() < time {
        try_one(name, target, &changed(&mut rng, &corpus));
        inputs_len += 1;
    }
    println!("{name}: {inputs_len} inputs");
}

/// An input on which the target fails is written where it can be looked at, and belongs into the corpus then.
fn try_one(name: &str, target: Target, input: &[u8]) {
    let began = Instant::now();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        target(input);
        assert!(began.elapsed() < INPUT_TIME_MAX, "it took {:?}", began.elapsed());
    }));
    if let Err(failed) = failed {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.failed"));
        fs::write(&path, input).expect("written");
        eprintln!("the input is in {}", path.display());
        resume_unwind(failed);
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let files = fs::read_dir(folder).expect("a corpus");
    files.map(|file| fs::read(file.expect("a file").path()).expect("an input")).collect()
}

/// One of the corpus, changed in a few places.
fn changed(rng: &mut StdRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus.choose(rng).cloned().unwrap_or_default();
    for _ in 0..rng.random_range(1..6) {
        let start = rng.random_range(0..=input.len());
        let end = rng.random_range(start..=input.len().min(start + 64));
        match rng.random_range(0..7) {
            0 if start < input.len() => input[start] ^= 1 << rng.random_range(0..8),
            1 if start < input.len() => input[start] = rng.random(),
            2 => drop(input.drain(start..end)),
            3 => drop(input.splice(start..end, PIECES[rng.random_range(0..PIECES.len())].iter().copied())),
            4 => {
                let part = input[start..end].repeat(rng.random_range(1..20));
                drop(input.splice(start..start, part));
            }
            5 => {
                let other = corpus.choose(rng).cloned().unwrap_or_default();
                let from = rng.random_range(0..=other.len());
                drop(input.splice(start.., other[from..].iter().copied()));
            }
            // As large as it gets.
            _ if start < end && rng.random_range(0..50) == 0 => {
                let part = input[start..end].repeat(INPUT_BYTES_MAX / (end - start));
                drop(input.splice(start..start, part));
            }
            _ => {}
        }
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}
