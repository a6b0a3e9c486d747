//! The contract of a connection's calls, written down from the specification alone: what each must
//! return, and what reaches the peer.
//!
//! Owns no bytes of the wire, only their number. It must not share a line with the crate under test,
//! and it ignores `RELEASE_BUFFERS` altogether (statement B10).

use std::collections::VecDeque;

use ssl_record::{Error, Misuse, PeerFault, Shutdown, SslMode, Want};

/// What a call returned.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Wrote(usize),
    Read(Vec<u8>),
    Closed,
    Shutdown(Shutdown),
    Nothing,
    Want(Want),
    Failed(Error),
    TransportFailed,
}

/// What a record carries.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Data(Vec<u8>),
    KeyUpdate { requested: bool },
    CloseNotify,
}

/// The application records that are sealed together and not wholly transmitted.
#[derive(Clone, Copy)]
struct Pending {
    /// Where their first byte stood.
    address: usize,
    /// Which bytes of the write they hold.
    start: usize,
    end: usize,
}

/// One connection, seen from outside.
pub(super) struct Model {
    tls13: bool,
    pub(super) modes: SslMode,
    max: usize,
    split: usize,
    /// Records that are sealed before the first is transmitted.
    together: usize,
    /// Bytes the transport still takes, if limited.
    pub(super) room: Option<usize>,
    /// The next write to the transport fails.
    pub(super) fails: bool,
    /// Sealed records and how many of their bytes are left to transmit.
    outgoing: VecDeque<(usize, Content)>,
    pending: Option<Pending>,
    /// Transmitted in complete records and not reported (`done` in the specification).
    pub(super) done: usize,
    /// Records the peer has in full and has not read.
    pub(super) delivered: Vec<Content>,
    own_update: Option<bool>,
    sending_own_update: bool,
    reply_owed: bool,
    sent: bool,
    received: bool,
    dead: bool,
    unread: Vec<u8>,
    /// Records on their way to us and their lengths on the wire.
    inbound: VecDeque<(usize, Content)>,
    /// Bytes of `inbound` that have arrived.
    pub(super) arrived: usize,
    /// Bytes of an incomplete record that a call has taken from the transport.
    partial: usize,
}

impl Model {
    pub(super) fn new(tls13: bool) -> Self {
        Self {
            tls13,
            modes: SslMode::AUTO_RETRY,
            max: 16_384,
            split: 16_384,
            together: 1,
            room: None,
            fails: false,
            outgoing: VecDeque::new(),
            pending: None,
            done: 0,
            delivered: Vec::new(),
            own_update: None,
            sending_own_update: false,
            reply_owed: false,
            sent: false,
            received: false,
            dead: false,
            unread: Vec::new(),
            inbound: VecDeque::new(),
            arrived: 0,
            partial: 0,
        }
    }

    /// Sections 2.1 and 2.5.
    pub(super) fn write(&mut self, data: &[u8]) -> Answer {
        if self.sent {
            return Answer::Failed(Misuse::ProtocolIsShutdown.into());
        }
        if self.dead {
            return Answer::Failed(Error::AlreadyFailed);
        }
        let committed = self.committed();
        if data.len() < committed {
            let retried = data.len();
            return self.dies(Error::BadLength { retried, committed });
        }
        match self.pending {
            Some(pending) => {
                let moved = data.as_ptr().addr() + pending.start != pending.address;
                if moved && !self.modes.contains(SslMode::ACCEPT_MOVING_WRITE_BUFFER) {
                    return self.dies(Error::BufferMoved);
                }
            }
            None => {
                // One reply answers every request that came before it has left.
                if self.outgoing.is_empty() && std::mem::take(&mut self.reply_owed) {
                    self.seal(Content::KeyUpdate { requested: false });
                }
                self.seal_own_update();
            }
        }
        if let Some(stopped) = self.transmit() {
            return stopped;
        }
        while self.done < data.len() {
            self.seal_data(data);
            if let Some(stopped) = self.transmit() {
                return stopped;
            }
            if self.modes.contains(SslMode::ENABLE_PARTIAL_WRITE) {
                break;
            }
        }
        Answer::Wrote(std::mem::take(&mut self.done))
    }

    /// Bytes that a retry has to cover.
    pub(super) fn committed(&self) -> usize {
        self.pending.map_or(self.done, |pending| pending.end)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Statements R1 to R6, R13, R18.
    pub(super) fn read(&mut self, max: usize, peek: bool) -> Answer {
        if self.dead {
            return Answer::Failed(Error::AlreadyFailed);
        }
        if self.received {
            return Answer::Closed;
        }
        if self.in_init() {
            self.seal_own_update();
            if let Some(stopped) = self.transmit() {
                return stopped;
            }
        }
        let stopped = self.unread.is_empty().then(|| self.arrive()).flatten();
        if let Some(stopped) = stopped {
            return stopped;
        }
        let n = max.min(self.unread.len());
        let read = self.unread[..n].to_vec();
        if !peek {
            self.unread.drain(..n);
        }
        Answer::Read(read)
    }

    /// Statements S2 to S10, with W21 done right.
    pub(super) fn shutdown(&mut self) -> Answer {
        if self.dead || self.in_init() {
            return Answer::Failed(Misuse::ShutdownWhileInInit.into());
        }
        if !std::mem::replace(&mut self.sent, true) {
            self.seal(Content::CloseNotify);
        }
        if !self.outgoing.is_empty() {
            return self.transmit().unwrap_or(Answer::Shutdown(self.progress()));
        }
        if !self.received {
            if self.unread.is_empty() {
                match self.arrive() {
                    None => {}
                    Some(Answer::Closed) => return Answer::Shutdown(self.progress()),
                    Some(stopped) => return stopped,
                }
            }
            return self.dies(PeerFault::DataAfterCloseNotify.into());
        }
        Answer::Shutdown(self.progress())
    }

    /// Statements W19 and W29.
    pub(super) fn key_update(&mut self, requested: bool) -> Answer {
        let refused = match () {
            () if self.dead => Error::AlreadyFailed,
            () if !self.tls13 => Misuse::NeedsTls13.into(),
            () if self.in_init() => Misuse::StillInInit.into(),
            () if self.is_pending() => Misuse::KeyUpdateDuringWrite.into(),
            () if self.sent => Misuse::ProtocolIsShutdown.into(),
            () => {
                self.own_update = Some(requested);
                return Answer::Nothing;
            }
        };
        Answer::Failed(refused)
    }

    /// Statements W29 and W31: sends an update of our own, never a reply alone.
    pub(super) fn handshake(&mut self) -> Answer {
        if self.dead {
            return Answer::Failed(Error::AlreadyFailed);
        }
        if !self.in_init() {
            return Answer::Nothing;
        }
        self.seal_own_update();
        self.transmit().unwrap_or(Answer::Nothing)
    }

    /// Statement W4.
    pub(super) fn set_max(&mut self, n: usize) -> bool {
        let valid = (512..=16_384).contains(&n);
        if valid {
            self.max = n;
            self.split = self.split.min(n);
        }
        valid
    }

    /// Statement W5.
    pub(super) fn set_split(&mut self, n: usize) -> bool {
        let valid = n > 0 && n <= self.max;
        if valid {
            self.split = n;
        }
        valid
    }

    /// Not of OpenSSL: whether up to four records leave together.
    pub(super) fn set_seal_ahead(&mut self, on: bool) {
        self.together = if on { 4 } else { 1 };
    }

    /// Statements B7 to B9; nothing is promised of a dead connection.
    pub(super) fn can_free_buffers(&self) -> Option<bool> {
        let idle = self.unread.is_empty() && self.partial == 0 && self.outgoing.is_empty();
        (!self.dead).then_some(idle)
    }

    /// `SSL_pending`, `SSL_has_pending` (statements R4, R8) and `SSL_in_init`.
    pub(super) fn state(&self) -> (usize, bool, bool) {
        let more = !self.unread.is_empty() || !matches!(self.partial, 0 | 5);
        (self.unread.len(), more, self.dead || self.in_init())
    }

    /// The peer sent this.
    pub(super) fn peer_sent(&mut self, content: Content) {
        self.inbound.push_back((self.wire_len(&content), content));
    }

    /// Statement W34, for AES-GCM.
    fn wire_len(&self, content: &Content) -> usize {
        let overhead = if self.tls13 { 22 } else { 29 };
        overhead
            + match content {
                Content::Data(data) => data.len(),
                Content::KeyUpdate { .. } => 5,
                Content::CloseNotify => 2,
            }
    }

    fn seal(&mut self, content: Content) {
        self.outgoing.push_back((self.wire_len(&content), content));
    }

    /// The records that come next, each as long as the split size says (statement W5).
    fn seal_data(&mut self, data: &[u8]) {
        let (start, mut end) = (self.done, self.done);
        for _ in 0..self.together {
            let fragment = &data[end..data.len().min(end + self.split)];
            if fragment.is_empty() {
                break;
            }
            self.seal(Content::Data(fragment.to_vec()));
            end += fragment.len();
        }
        let address = data[start..].as_ptr().addr();
        self.pending = Some(Pending {
            address,
            start,
            end,
        });
    }

    fn seal_own_update(&mut self) {
        if let Some(requested) = self.own_update.take() {
            self.seal(Content::KeyUpdate { requested });
            self.sending_own_update = true;
        }
    }

    /// Statement W29. A reply that is owed or blocked does not count: OpenSSL lets reads and shutdown
    /// wait for it, too, which no caller can need.
    fn in_init(&self) -> bool {
        self.own_update.is_some() || self.sending_own_update
    }

    /// Hands records to the transport; what the call returns if that stops it (W7, W25, W27).
    fn transmit(&mut self) -> Option<Answer> {
        while let Some((left, _)) = self.outgoing.front_mut() {
            if std::mem::take(&mut self.fails) {
                return Some(Answer::TransportFailed);
            }
            let taken = self.room.map_or(*left, |room| room.min(*left));
            if taken == 0 {
                return Some(Answer::Want(Want::Write));
            }
            *left -= taken;
            self.room = self.room.map(|room| room - taken);
            if *left == 0 {
                let (_, content) = self.outgoing.pop_front().unwrap();
                if let Content::Data(data) = &content {
                    self.done += data.len();
                    // Nothing is reported before all of what was sealed together has left.
                    self.pending = self.pending.filter(|pending| self.done < pending.end);
                }
                self.delivered.push(content);
            }
        }
        self.sending_own_update = false;
        None
    }

    /// Takes records in until there is data; what the call returns if there is none.
    fn arrive(&mut self) -> Option<Answer> {
        loop {
            let complete = self
                .inbound
                .front()
                .is_some_and(|(len, _)| *len <= self.arrived);
            if !complete {
                self.partial = self.arrived;
                return Some(Answer::Want(Want::Read));
            }
            let (len, content) = self.inbound.pop_front().unwrap();
            self.arrived -= len;
            self.partial = 0;
            match content {
                Content::Data(data) => {
                    self.unread = data;
                    return None;
                }
                Content::KeyUpdate { requested } => {
                    self.reply_owed |= requested;
                    if !self.modes.contains(SslMode::AUTO_RETRY) {
                        return Some(Answer::Want(Want::Read));
                    }
                }
                Content::CloseNotify => {
                    self.received = true;
                    return Some(Answer::Closed);
                }
            }
        }
    }

    fn progress(&self) -> Shutdown {
        if self.received {
            Shutdown::Complete
        } else {
            Shutdown::Sent
        }
    }

    /// Statements W10, W14, R50: dead in both directions, what is half sent stays so.
    fn dies(&mut self, error: Error) -> Answer {
        self.dead = true;
        self.outgoing.clear();
        self.pending = None;
        Answer::Failed(error)
    }
}
