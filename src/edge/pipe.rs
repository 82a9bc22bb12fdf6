//! A stream in memory, one way. What is on its way is all it holds.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much may be on its way; who writes more waits.
const MOST: usize = 4 * 1_024;

/// The end that is written to. Once it is dropped, its reader gets what is left, and then the end.
pub(super) struct Writer(Arc<Mutex<Pipe>>);

/// The end that is read from. Once it is dropped, its writer fails.
pub(super) struct Reader(Arc<Mutex<Pipe>>);

#[derive(Default)]
struct Pipe {
    bytes: BytesMut,
    is_closed: bool,
    /// The side that waits for the other: only one can.
    waiting: Option<Waker>,
}

/// Returns both ends of a new stream.
pub(super) fn pipe() -> (Writer, Reader) {
    let pipe = Arc::<Mutex<Pipe>>::default();
    (Writer(Arc::clone(&pipe)), Reader(pipe))
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pipe {
    fn wake(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
        self.wake();
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.0);
        if pipe.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let taken = bytes.len().min(MOST - pipe.bytes.len());
        if taken == 0 && !bytes.is_empty() {
            return pipe.wait(cx);
        }
        pipe.bytes.extend_from_slice(&bytes[..taken]);
        pipe.wake();
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).close();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut pipe = lock(&self.0);
        if pipe.bytes.is_empty() {
            return if pipe.is_closed { Poll::Ready(Ok(())) } else { pipe.wait(cx) };
        }
        let taken = room.remaining().min(pipe.bytes.len());
        room.put_slice(&pipe.bytes[..taken]);
        pipe.bytes.advance(taken);
        if pipe.bytes.is_empty() {
            pipe.bytes = BytesMut::new();
        }
        pipe.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.0).close();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut pipe = lock(&self.0);
        pipe.bytes = BytesMut::new();
        pipe.close();
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use futures_util::FutureExt as _;
    use proptest::prelude::{ProptestConfig, any, proptest};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{MOST, lock, pipe};

    #[tokio::test]
    async fn who_writes_too_much_waits_until_it_is_read() {
        let (mut writer, mut reader) = pipe();
        writer.write_all(&[1; MOST]).await.unwrap();
        assert!(writer.write(&[2]).now_or_never().is_none());

        let mut room = vec![0; MOST];
        let (written, read) = tokio::join!(writer.write(&[2]), reader.read_exact(&mut room));

        assert_eq!((written.unwrap(), read.unwrap()), (1, MOST));
        assert_eq!(room, [1; MOST]);
    }

    #[tokio::test]
    async fn what_was_read_takes_no_memory() {
        let (mut writer, mut reader) = pipe();
        writer.write_all(&[1; 1_000]).await.unwrap();
        reader.read_exact(&mut [0; 1_000]).await.unwrap();
        assert_eq!(lock(&reader.0).bytes.capacity(), 0);
    }

    #[tokio::test]
    async fn what_was_written_before_the_end_is_read() {
        for shuts_down in [true, false] {
            let (mut writer, mut reader) = pipe();
            writer.write_all(b"last").await.unwrap();
            if shuts_down {
                writer.shutdown().await.unwrap();
            }
            drop(writer);
            let mut told = Vec::new();
            reader.read_to_end(&mut told).await.unwrap();
            assert_eq!(told, b"last");
        }
    }

    #[tokio::test]
    async fn an_end_that_waits_hears_that_the_other_is_gone() {
        let (mut writer, reader) = pipe();
        writer.write_all(&[1; MOST]).await.unwrap();
        let (written, ()) = tokio::join!(writer.write(&[2]), async { drop(reader) });
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);

        let (writer, mut reader) = pipe();
        let mut room = [0];
        let (read, ()) = tokio::join!(reader.read(&mut room), async { drop(writer) });
        assert_eq!(read.unwrap(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn any_writes_and_any_reads_bring_the_same_bytes(
            writes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9_000), 0..8),
            room in 1..9_000_usize,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (mut writer, mut reader) = pipe();
                let writing = async {
                    for bytes in &writes {
                        writer.write_all(bytes).await.unwrap();
                    }
                    drop(writer);
                };
                let reading = async {
                    let (mut told, mut room) = (Vec::new(), vec![0; room]);
                    loop {
                        match reader.read(&mut room).await.unwrap() {
                            0 => break told,
                            read => told.extend_from_slice(&room[..read]),
                        }
                    }
                };
                let ((), told) = tokio::join!(writing, reading);
                assert_eq!(told, writes.concat());
            });
        }
    }
}
