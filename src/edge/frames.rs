//! Websocket frames: <https://www.rfc-editor.org/rfc/rfc6455#section-5>.
//!
//! Headers are tungstenite's; what may follow what, and how large it may be, is decided here.

use std::future::poll_fn;
use std::io::{self, Cursor};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::deflate::inflate;

/// How much is read at once of what nobody knows the length of yet.
const ROOM: usize = 2 * 1_024;

/// The most room that is made before the bytes that need it have come.
const MOST_ROOM: usize = 64 * 1_024;

/// The longest payload of a control frame.
const LONGEST_CONTROL: usize = 125;

/// What a client did wrong, and is told as the connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not speak the protocol.
    Protocol,
    /// What it sent is not what it says it is.
    Invalid,
    /// It sent more than it may.
    TooLarge,
}

/// Why no frame comes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The other side has closed its stream.
    Closed,
    /// It broke the rules.
    Fault(Fault),
}

/// A frame as it came.
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) payload: BytesMut,
}

/// Reads frames from a stream.
pub(super) struct Frames<R> {
    stream: R,
    buffer: BytesMut,
    largest: usize,
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// A whole message, inflated.
    Message(Data, Vec<u8>),
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// Good-bye.
    Close(CloseCode),
}

/// Puts a client's frames together, by the rules.
pub(super) struct Inbound {
    limit: usize,
    /// Whether the client may compress.
    deflate: bool,
    /// The message of which some frames have come, and whether it is compressed.
    begun: Option<(Data, bool, Vec<u8>)>,
}

impl Fault {
    /// What the client is told.
    pub(super) fn code(self) -> CloseCode {
        match self {
            Self::Protocol => CloseCode::Protocol,
            Self::Invalid => CloseCode::Invalid,
            Self::TooLarge => CloseCode::Size,
        }
    }
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// Reads frames of at most `largest` bytes from a stream, of which some were read already.
    pub(super) fn new(read: BytesMut, stream: R, largest: usize) -> Self {
        Self { stream, buffer: read, largest }
    }

    /// Returns the next frame. What has been read stays when this is given up.
    pub(super) async fn next(&mut self) -> Result<Frame, End> {
        loop {
            if let Some(frame) = self.ready()? {
                return Ok(frame);
            }
            let is_expected = self.buffer.capacity() > self.buffer.len();
            let read = if is_expected {
                self.stream.read_buf(&mut self.buffer).await
            } else {
                poll_fn(|cx| self.poll_read(cx)).await
            };
            match read {
                Ok(0) | Err(_) => return Err(End::Closed),
                Ok(_) => {}
            }
        }
    }

    /// Reads what has come. A quiet connection holds no memory for it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
        self.buffer.extend_from_slice(room.filled());
        Poll::Ready(Ok(room.filled().len()))
    }

    /// Returns the next frame if it has been read already.
    fn ready(&mut self) -> Result<Option<Frame>, End> {
        let mut cursor = Cursor::new(&self.buffer[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| End::Fault(Fault::Protocol))?;
        let Some((header, length)) = parsed else { return Ok(None) };
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.largest {
            return Err(End::Fault(Fault::TooLarge));
        }
        let missing = (start + length).saturating_sub(self.buffer.len());
        if missing > 0 {
            self.buffer.reserve(missing.min(MOST_ROOM));
            return Ok(None);
        }
        self.buffer.advance(start);
        let payload = self.buffer.split_to(length);
        if self.buffer.is_empty() {
            // The frame takes the memory with it.
            self.buffer = BytesMut::new();
        }
        Ok(Some(Frame { header, payload }))
    }
}

impl Inbound {
    pub(super) fn new(limit: usize, deflate: bool) -> Self {
        Self { limit, deflate, begun: None }
    }

    /// Takes a client's next frame; returns what it says once that is whole.
    pub(super) fn take(&mut self, frame: Frame) -> Result<Option<Said>, Fault> {
        let Frame { header, mut payload } = frame;
        let mask = header.mask.ok_or(Fault::Protocol)?;
        for (byte, key) in payload.iter_mut().zip(mask.into_iter().cycle()) {
            *byte ^= key;
        }
        if header.rsv2 || header.rsv3 {
            return Err(Fault::Protocol);
        }
        match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || header.rsv1 || payload.len() > LONGEST_CONTROL {
                    return Err(Fault::Protocol);
                }
                match control {
                    Control::Ping => Ok(Some(Said::Ping(payload.to_vec()))),
                    Control::Pong => Ok(None),
                    Control::Close => Ok(Some(Said::Close(farewell(&payload)?))),
                    Control::Reserved(_) => Err(Fault::Protocol),
                }
            }
            OpCode::Data(data) => self.take_data(data, &header, &payload),
        }
    }

    fn take_data(
        &mut self,
        data: Data,
        header: &FrameHeader,
        payload: &[u8],
    ) -> Result<Option<Said>, Fault> {
        let (kind, compressed, mut message) = match (data, self.begun.take()) {
            (Data::Continue, Some(begun)) if !header.rsv1 => begun,
            (Data::Text | Data::Binary, None) if !header.rsv1 || self.deflate => {
                (data, header.rsv1, Vec::new())
            }
            _ => return Err(Fault::Protocol),
        };
        if message.len() + payload.len() > self.limit {
            return Err(Fault::TooLarge);
        }
        message.extend_from_slice(payload);
        if !header.is_final {
            self.begun = Some((kind, compressed, message));
            return Ok(None);
        }
        if compressed {
            message = inflate(&message, self.limit)?;
        }
        if kind == Data::Text && std::str::from_utf8(&message).is_err() {
            return Err(Fault::Invalid);
        }
        Ok(Some(Said::Message(kind, message)))
    }
}

/// Reads the payload of a close frame.
fn farewell(payload: &[u8]) -> Result<CloseCode, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(CloseCode::Normal) } else { Err(Fault::Protocol) };
    };
    let code = CloseCode::from(u16::from_be_bytes(*code));
    if !code.is_allowed() {
        return Err(Fault::Protocol);
    }
    std::str::from_utf8(reason).map_err(|_| Fault::Invalid)?;
    Ok(code)
}

/// Writes a whole frame to `out`, as a server does.
pub(super) fn write(out: &mut Vec<u8>, opcode: OpCode, payload: &[u8], compressed: bool) {
    let (rsv2, rsv3, mask) = (false, false, None);
    let header = FrameHeader { is_final: true, rsv1: compressed, rsv2, rsv3, opcode, mask };
    header.format(payload.len() as u64, out).expect("a vector takes all that is written to it");
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
    use tungstenite::protocol::frame::FrameHeader;
    use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

    use super::{End, Fault, Frame, Frames, Inbound, Said, write};

    const LIMIT: usize = 1_000;

    /// A client's frame, as it is after reading.
    fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Frame {
        let key = [7, 1, 8, 2];
        let masked: Vec<u8> =
            payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        let mask = Some(key);
        let header = FrameHeader { is_final, rsv1: false, rsv2: false, rsv3: false, opcode, mask };
        Frame { header, payload: BytesMut::from(&masked[..]) }
    }

    const TEXT: OpCode = OpCode::Data(Data::Text);
    const MORE: OpCode = OpCode::Data(Data::Continue);
    const PING: OpCode = OpCode::Control(Control::Ping);
    const CLOSE: OpCode = OpCode::Control(Control::Close);

    #[test]
    fn a_message_comes_in_pieces_with_pings_between() {
        let mut inbound = Inbound::new(LIMIT, false);
        assert_eq!(inbound.take(frame(TEXT, false, "Ol\u{e1}".as_bytes())), Ok(None));
        assert_eq!(inbound.take(frame(PING, true, b"?")), Ok(Some(Said::Ping(b"?".to_vec()))));
        assert_eq!(inbound.take(frame(MORE, false, b"")), Ok(None));
        let whole = Said::Message(Data::Text, "Olá, você".as_bytes().to_vec());
        assert_eq!(inbound.take(frame(MORE, true, ", voc\u{ea}".as_bytes())), Ok(Some(whole)));
    }

    #[test]
    fn a_character_may_be_cut_between_frames() {
        let mut inbound = Inbound::new(LIMIT, false);
        let letter = "é".as_bytes();
        assert_eq!(inbound.take(frame(TEXT, false, &letter[..1])), Ok(None));
        let whole = Said::Message(Data::Text, letter.to_vec());
        assert_eq!(inbound.take(frame(MORE, true, &letter[1..])), Ok(Some(whole)));
    }

    #[test]
    fn what_breaks_the_rules_is_a_fault() {
        let alter = |mut frame: Frame, how: fn(&mut FrameHeader)| {
            how(&mut frame.header);
            frame
        };
        let long = vec![b'x'; 126];
        let cases = [
            ("unmasked", alter(frame(TEXT, true, b"x"), |it| it.mask = None), Fault::Protocol),
            (
                "rsv1 without deflate",
                alter(frame(TEXT, true, b"x"), |it| it.rsv1 = true),
                Fault::Protocol,
            ),
            ("rsv2", alter(frame(TEXT, true, b"x"), |it| it.rsv2 = true), Fault::Protocol),
            ("rsv3", alter(frame(PING, true, b"x"), |it| it.rsv3 = true), Fault::Protocol),
            ("nothing to continue", frame(MORE, true, b"x"), Fault::Protocol),
            ("a long ping", frame(PING, true, &long), Fault::Protocol),
            ("a ping in pieces", frame(PING, false, b"x"), Fault::Protocol),
            (
                "a reserved opcode",
                frame(OpCode::Data(Data::Reserved(3)), true, b"x"),
                Fault::Protocol,
            ),
            (
                "a reserved control",
                frame(OpCode::Control(Control::Reserved(11)), true, b"x"),
                Fault::Protocol,
            ),
            ("half a close code", frame(CLOSE, true, &[3]), Fault::Protocol),
            (
                "a forbidden close code",
                frame(CLOSE, true, &1005_u16.to_be_bytes()),
                Fault::Protocol,
            ),
            ("a close code of nobody", frame(CLOSE, true, &999_u16.to_be_bytes()), Fault::Protocol),
            ("a reason that is no text", frame(CLOSE, true, &[3, 232, 0xff]), Fault::Invalid),
            ("a text that is none", frame(TEXT, true, &[0xff]), Fault::Invalid),
            ("too much", frame(TEXT, true, &[b'x'; LIMIT + 1]), Fault::TooLarge),
        ];
        for (name, frame, fault) in cases {
            assert_eq!(Inbound::new(LIMIT, false).take(frame), Err(fault), "{name}");
        }
        let mut inbound = Inbound::new(LIMIT, false);
        inbound.take(frame(TEXT, false, b"x")).unwrap();
        assert_eq!(
            inbound.take(frame(TEXT, true, b"x")),
            Err(Fault::Protocol),
            "another in the midst"
        );
        let mut inbound = Inbound::new(LIMIT, false);
        inbound.take(frame(TEXT, false, &[b'x'; LIMIT])).unwrap();
        assert_eq!(
            inbound.take(frame(MORE, true, b"x")),
            Err(Fault::TooLarge),
            "too much in pieces"
        );
    }

    #[test]
    fn farewells_are_understood() {
        for (payload, code) in
            [(&[][..], 1000_u16), (&[3, 233], 1001), (&[0x0f, 0xa0, b'o', b'k'], 4000)]
        {
            let said = Inbound::new(LIMIT, false).take(frame(CLOSE, true, payload));
            assert_eq!(said, Ok(Some(Said::Close(CloseCode::from(code)))));
        }
    }

    async fn read_all(bytes: &[u8], largest: usize) -> (Vec<Vec<u8>>, End) {
        let mut frames = Frames::new(BytesMut::new(), bytes, largest);
        let mut payloads = Vec::new();
        loop {
            match frames.next().await {
                Ok(frame) => payloads.push(frame.payload.to_vec()),
                Err(end) => return (payloads, end),
            }
        }
    }

    #[tokio::test]
    async fn a_frame_that_is_announced_too_large_is_not_waited_for() {
        let mut bytes = vec![0x81, 0xff];
        bytes.extend(u64::MAX.to_be_bytes());
        bytes.extend([1, 2, 3, 4]);
        assert_eq!(read_all(&bytes, LIMIT).await, (vec![], End::Fault(Fault::TooLarge)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn what_was_written_is_read_back(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..70_000), 0..4)) {
            let mut bytes = Vec::new();
            for payload in &payloads {
                write(&mut bytes, TEXT, payload, false);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (read, end) = runtime.block_on(read_all(&bytes, 100_000));
            prop_assert_eq!((read, end), (payloads, End::Closed));
        }

        #[test]
        fn no_bytes_make_it_panic_or_give_more_than_it_may(bytes in proptest::collection::vec(any::<u8>(), 0..400), deflate in any::<bool>()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut frames = Frames::new(BytesMut::new(), &bytes[..], LIMIT);
                let mut inbound = Inbound::new(LIMIT, deflate);
                while let Ok(frame) = frames.next().await {
                    match inbound.take(frame) {
                        Ok(Some(Said::Message(_, message))) => prop_assert!(message.len() <= LIMIT),
                        Ok(_) => {}
                        Err(_) => break,
                    }
                }
                Ok(())
            })?;
        }
    }
}
