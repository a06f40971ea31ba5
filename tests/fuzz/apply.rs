//! Fossil deltas as the SDKs apply them. Shares nothing with the side that writes them, whose judge it is.

const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/// What the SDKs do (`applyDelta`), with all their checks.
pub fn apply(old: &[u8], patch: &[u8]) -> Vec<u8> {
    let mut at = 0;
    let read = |at: &mut usize| {
        let mut value = 0_usize;
        while let Some(digit) = DIGITS.iter().position(|digit| *digit == patch[*at]) {
            value = value << 6 | digit;
            *at += 1;
        }
        *at += 1;
        (u32::try_from(value).unwrap() as usize, patch[*at - 1])
    };
    let (len, end) = read(&mut at);
    assert_eq!(end, b'\n');
    let mut out = Vec::new();
    loop {
        match read(&mut at) {
            (count, b'@') => {
                let (from, end) = read(&mut at);
                assert_eq!(end, b',');
                out.extend_from_slice(&old[from..from + count]);
            }
            (count, b':') => {
                out.extend_from_slice(&patch[at..at + count]);
                at += count;
            }
            (sum, b';') => {
                assert_eq!((sum, len, at), (checksum(&out) as usize, out.len(), patch.len()));
                return out;
            }
            (_, other) => panic!("unknown operator {other}"),
        }
        assert!(out.len() <= len);
    }
}

/// The sum of all words of four bytes, most significant first; what is left over is filled up with zeros.
fn checksum(bytes: &[u8]) -> u32 {
    let word = |word: &[u8]| (0..4).fold(0, |sum, at| sum << 8 | u32::from(*word.get(at).unwrap_or(&0)));
    bytes.chunks(4).map(word).fold(0, u32::wrapping_add)
}
