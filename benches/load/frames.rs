//! Websocket frames from a server, told apart by their headers alone:
//! <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>.

/// The longest frame of an Engine.IO ping, which is one byte, or a few where that is compressed.
/// No other message is as short.
const LONGEST_PING: usize = 10;

/// Splits a stream into frames, however it is cut into pieces.
pub(crate) struct Frames {
    /// Whether payloads are kept.
    pub(crate) reads: bool,
    header: Vec<u8>,
    left: usize,
    frame: Frame,
}

/// A frame.
#[derive(Default)]
pub(crate) struct Frame {
    first: u8,
    /// With its header, in bytes.
    pub(crate) length: usize,
    /// What is in it, where payloads are kept; else nothing.
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Whether the sender has compressed it.
    pub(crate) fn is_deflated(&self) -> bool {
        self.first & 0x40 != 0
    }

    /// Whether it is to be answered at once.
    pub(crate) fn is_ping(&self) -> bool {
        self.is_whole_text() && self.length <= LONGEST_PING
    }

    /// Whether a message ends with it, and began with it: servers do not split what they send here.
    pub(crate) fn is_whole_text(&self) -> bool {
        self.first & 0x8f == 0x81
    }
}

impl Frames {
    /// Keeps payloads, at first.
    pub(crate) fn new() -> Self {
        Self { reads: true, header: Vec::with_capacity(10), left: 0, frame: Frame::default() }
    }

    /// Takes the next piece, and shows `each` frame that it completes.
    pub(crate) fn take(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.left == 0 {
                self.header.push(byte);
                bytes = rest;
                let Some(length) = payload_length(&self.header) else { continue };
                self.frame.first = self.header[0];
                self.frame.length = self.header.len() + length;
                self.frame.payload.clear();
                self.header.clear();
                self.left = length;
            } else {
                let (piece, rest) = bytes.split_at(self.left.min(bytes.len()));
                if self.reads {
                    self.frame.payload.extend_from_slice(piece);
                }
                self.left -= piece.len();
                bytes = rest;
            }
            if self.left == 0 {
                each(&self.frame)?;
            }
        }
        Ok(())
    }
}

/// The length that a header tells, once it is complete.
fn payload_length(header: &[u8]) -> Option<usize> {
    match header {
        [_, short @ 0..=125] => Some(usize::from(*short)),
        [_, 126, high, low] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        [_, 127, long @ ..] => {
            let long = u64::from_be_bytes(long.try_into().ok()?);
            Some(usize::try_from(long).unwrap_or(usize::MAX))
        }
        _ => None,
    }
}

/// A text as a client sends it: masked, by a key of zeros, which changes nothing.
pub(crate) fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(short @ 0..=125) => frame.push(0x80 | short.to_be_bytes()[1]),
        length => {
            frame.push(0xfe);
            frame.extend(length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
