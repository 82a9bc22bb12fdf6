//! What one part of a connection leaves for another.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A queue of few things, mostly none. Unlike a channel it holds no memory for those to come.
#[derive(Debug)]
pub struct Mailbox<T> {
    waiting: Mutex<VecDeque<T>>,
    news: Notify,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), news: Notify::new() }
    }
}

impl<T> Mailbox<T> {
    /// Leaves something for the other part; hands it back if `most` wait already.
    pub fn put(&self, thing: T, most: usize) -> Result<(), T> {
        let mut waiting = self.lock();
        if waiting.len() >= most {
            return Err(thing);
        }
        waiting.push_back(thing);
        drop(waiting);
        self.news.notify_one();
        Ok(())
    }

    /// Takes what has waited for longest; waits for it if need be. There is one who takes.
    pub async fn next(&self) -> T {
        loop {
            let next = self.take();
            if let Some(thing) = next {
                return thing;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<T> {
        let mut waiting = self.lock();
        let next = waiting.pop_front();
        if waiting.is_empty() {
            *waiting = VecDeque::new();
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::Mailbox;

    #[tokio::test]
    async fn what_was_put_comes_in_order_and_no_more_than_fits() {
        let mailbox = Mailbox::default();
        assert_eq!([1, 2, 3].map(|it| mailbox.put(it, 2)), [Ok(()), Ok(()), Err(3)]);
        assert_eq!([mailbox.next().await, mailbox.next().await], [1, 2]);
        assert_eq!(mailbox.next().now_or_never(), None);
    }

    #[tokio::test]
    async fn who_waits_is_told() {
        let mailbox = Mailbox::default();
        for thing in 0..3 {
            let (next, put) = tokio::join!(mailbox.next(), async { mailbox.put(thing, 1) });
            assert_eq!((next, put), (thing, Ok(())));
        }
    }
}
