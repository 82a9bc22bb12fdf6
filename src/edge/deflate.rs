//! permessage-deflate without context: <https://www.rfc-editor.org/rfc/rfc7692>.
//!
//! Since no message refers to the one before, the compressed bytes of an event are the same for all
//! clients; the event keeps them.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::frames::Fault;

/// What every compressed message ends in, and none carries.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// By how much an output grows at a time.
const STEP: usize = 4 * 1024;

/// What to compress, and how hard.
#[derive(Clone, Copy, Debug)]
pub struct Compression {
    /// Messages below this size go as they are.
    pub threshold: usize,
    /// 1 (fast) to 9 (small).
    pub level: u32,
}

/// Compresses messages.
pub(super) struct Deflate(Compression);

impl Deflate {
    pub(super) fn new(compression: Compression) -> Self {
        Self(compression)
    }

    /// Whether a message is to be compressed.
    pub(super) fn is_worth(&self, message: &[u8]) -> bool {
        message.len() >= self.0.threshold
    }

    /// Returns the compressed form of a message.
    pub(super) fn compress(&self, message: &[u8]) -> Bytes {
        deflate(message, self.0.level)
    }
}

fn deflate(message: &[u8], level: u32) -> Bytes {
    thread_local!(static COMPRESS: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) });
    COMPRESS.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(of, _)| *of != level) {
            *kept = Some((level, Compress::new(flate2::Compression::new(level), false)));
        }
        let (_, compress) = kept.as_mut().expect("it was put there");
        compress.reset();
        let mut out = Vec::with_capacity(message.len() / 2 + 64);
        loop {
            let rest = &message[usize::try_from(compress.total_in()).unwrap_or(message.len())..];
            let done = compress.compress_vec(rest, &mut out, FlushCompress::Sync);
            done.expect("compressing needs nothing but room");
            // There was room left: nothing more is to come.
            if out.len() < out.capacity() {
                break;
            }
            out.reserve(STEP);
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        out.into()
    })
}

/// Returns what a client has compressed, if it is not larger than `limit`.
///
/// # Errors
/// A small message that inflates without end is [`Fault::TooLarge`] as soon as it is.
pub(super) fn inflate(message: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut inflate = Decompress::new(false);
    let mut out = Vec::with_capacity((message.len() * 2 + 64).min(limit + 1));
    for part in [message, &TAIL] {
        let mut rest = part;
        loop {
            let before = inflate.total_in();
            let status = inflate.decompress_vec(rest, &mut out, FlushDecompress::Sync);
            let status = status.map_err(|_| Fault::Invalid)?;
            let taken = usize::try_from(inflate.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
            if out.len() > limit {
                return Err(Fault::TooLarge);
            }
            if status == Status::StreamEnd {
                return Ok(out);
            }
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
            if out.len() == out.capacity() {
                out.reserve(STEP);
            } else if taken == 0 {
                return Err(Fault::Invalid);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::{Compression, Deflate, deflate, inflate};
    use crate::edge::frames::Fault;

    const LIMIT: usize = 1_000_000;

    #[test]
    fn small_messages_go_as_they_are() {
        let deflate = Deflate::new(Compression { threshold: 100, level: 1 });
        assert!(!deflate.is_worth(&[b'a'; 99]) && deflate.is_worth(&[b'a'; 100]));
        assert!(deflate.compress(&[b'a'; 100]).len() < 20);
    }

    #[test]
    fn a_bomb_is_cut_at_the_limit() {
        let bomb = deflate(&vec![0; 100_000_000], 9);
        assert!(bomb.len() < 200_000);
        assert_eq!(inflate(&bomb, LIMIT), Err(Fault::TooLarge));
    }

    // https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.1
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert_eq!(inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], LIMIT).unwrap(), b"Hello");
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        assert_eq!(inflate(&stored, LIMIT).unwrap(), b"Hello");
        let finished = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflate(&finished, LIMIT).unwrap(), b"Hello");
        assert_eq!(inflate(&[0xff, 0xff, 0xff], LIMIT), Err(Fault::Invalid));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn what_was_compressed_is_read_back(message in proptest::collection::vec(any::<u8>(), 0..20_000), repeats in 1..6_usize, level in 1..=9_u32) {
            let message = message.repeat(repeats);
            prop_assert_eq!(inflate(&deflate(&message, level), LIMIT).unwrap(), message);
        }

        #[test]
        fn no_bytes_make_it_panic_or_grow(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            if let Ok(out) = inflate(&bytes, 10_000) {
                assert!(out.len() <= 10_000);
            }
        }
    }
}
