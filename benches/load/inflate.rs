//! Reading what a server has compressed.

use anyhow::ensure;
use flate2::{Decompress, FlushDecompress};

/// What every compressed message ends in, and none carries.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// By how much room grows at a time.
const STEP: usize = 16 * 1024;

/// One connection's compressed messages: <https://www.rfc-editor.org/rfc/rfc7692>.
pub(crate) struct Inflate {
    window: Decompress,
    /// Whether a message may refer to those before it.
    pub(crate) takes_over: bool,
}

impl Inflate {
    pub(crate) fn new() -> Self {
        Self { window: Decompress::new(false), takes_over: true }
    }

    pub(crate) fn read(&mut self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        if !self.takes_over {
            self.window.reset(false);
        }
        let whole = [message, &TAIL].concat();
        let (mut rest, mut read) = (whole.as_slice(), Vec::with_capacity(STEP));
        loop {
            let before = self.window.total_in();
            self.window.decompress_vec(rest, &mut read, FlushDecompress::Sync)?;
            let taken = usize::try_from(self.window.total_in() - before)?;
            rest = &rest[taken..];
            if read.len() < read.capacity() {
                ensure!(rest.is_empty(), "a message that ends before its bytes do");
                return Ok(read);
            }
            read.reserve(STEP);
        }
    }
}
