//! What the application computes or decides for a handshake, at its own pace.
//!
//! Owns how a trait method that rustls calls comes to the result: from a stack that can wait it leaves
//! that stack with the job, elsewhere it does the job in place. Knows no configuration.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::stack::{self, Request};
use crate::config::{AsyncSigner, Operation, PeerCheck};
use crate::handshake::delegate::Answer;
use crate::reason::Reason;
use crate::record::AlertDescription;

/// Starts an operation, on the stack of whoever called the connection.
pub(super) type Job = Box<dyn FnOnce() -> Operation<Answer> + Send>;

/// A signature by this key.
pub(super) fn signature(signer: &Arc<dyn AsyncSigner>, scheme: u16, message: &[u8]) -> Job {
    let (signer, message) = (Arc::clone(signer), message.to_vec());
    Box::new(move || {
        let signing = signer.sign(scheme, message);
        Box::pin(async move { signing.await.map_or(FAILED, Answer::Signature) })
    })
}

/// The application's opinion of this chain.
pub(super) fn opinion(check: &Arc<dyn PeerCheck>, chain: Vec<Vec<u8>>) -> Job {
    let check = Arc::clone(check);
    Box::new(move || {
        let deciding = check.accepts(chain);
        Box::pin(async move {
            if deciding.await {
                Answer::Accepted
            } else {
                FAILED
            }
        })
    })
}

/// The result of a job; `None` if there is none to be had any more.
pub(super) fn carry_out(job: Job) -> Option<Answer> {
    if stack::can_ask() {
        stack::ask(Request::Job(job))
    } else {
        Some(block_on(&mut job()))
    }
}

/// The result of an operation, for which this thread waits.
pub(super) fn block_on<T>(operation: &mut Operation<T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match operation.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// No result, or a no. What the peer is told depends on who asked.
const FAILED: Answer = Answer::Refused {
    alert: AlertDescription::INTERNAL_ERROR,
    reason: Reason::INTERNAL_ERROR,
};

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_blocked_thread_is_woken_from_another() {
        let (send_waker, wakers) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || wakers.recv().unwrap().wake());
        let mut polls = 0;
        let operation = core::future::poll_fn(move |context: &mut Context<'_>| {
            polls += 1;
            if polls == 1 {
                send_waker.send(context.waker().clone()).unwrap();
                return Poll::Pending;
            }
            Poll::Ready(polls)
        });
        let mut operation: Operation<i32> = Box::pin(operation);
        assert!(block_on(&mut operation) >= 2);
        other.join().unwrap();
    }
}
