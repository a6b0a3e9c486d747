//! ASYNC with keys and checks that take their time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use ssl_record::config::{
    AsyncSigner, ClientConfig, ClientTrust, Identity, Operation, PeerCheck, Roots, ServerConfig,
    SigningFailed,
};
use ssl_record::io::{Signal, TlsStream};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{
    CertificateFault, Context, Error, LocalKey, Outcome, Reason, Received, SslMode, Want,
};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use tokio::sync::oneshot;

use super::pair::{Half, Pair, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// A key whose signatures wait until they are released.
struct GatedKey {
    key: LocalKey,
    asked: Mutex<Vec<oneshot::Sender<()>>>,
    /// Signatures given up before they were made.
    abandoned: Arc<AtomicUsize>,
}

impl GatedKey {
    /// Lets everything asked so far be signed; how much that was.
    fn release(&self) -> usize {
        let asked = core::mem::take(&mut *self.asked.lock().unwrap());
        let count = asked.len();
        for gate in asked {
            let _ = gate.send(());
        }
        count
    }
}

/// Counts when it is dropped before its time.
struct Abandoned(Option<Arc<AtomicUsize>>);

impl Abandoned {
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(count) = self.0.take() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl AsyncSigner for GatedKey {
    fn schemes(&self) -> Vec<u16> {
        self.key.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let (gate, released) = oneshot::channel();
        self.asked.lock().unwrap().push(gate);
        let key = self.key.clone();
        let mut guard = Abandoned(Some(Arc::clone(&self.abandoned)));
        Box::pin(async move {
            let released = released.await;
            guard.disarm();
            released.map_err(|_| SigningFailed)?;
            key.sign(scheme, &message)
        })
    }
}

/// A server's or client's certificate whose key is given to the signer, and the roots that verify it.
fn identity_with(
    leaf: &Leaf,
    kind: KeyKind,
    signer: impl FnOnce(LocalKey) -> Arc<dyn AsyncSigner>,
) -> (Identity, Roots) {
    let authority = CertificateAuthority::new(kind).unwrap();
    let issued = authority.issue(leaf).unwrap();
    let key = LocalKey::from_pem(issued.key_pem().as_bytes()).unwrap();
    let identity = Identity::with_signer(issued.chain_pem().as_bytes(), signer(key)).unwrap();
    (
        identity,
        Roots::from_pem(issued.root_pem().as_bytes()).unwrap(),
    )
}

/// A pair of this version whose server signs so, without modes.
fn pair_with(
    version: ProtocolVersion,
    signer: impl FnOnce(LocalKey) -> Arc<dyn AsyncSigner>,
) -> Pair {
    let kind = KeyKind::EcP256;
    let (identity, roots) = identity_with(&Leaf::localhost(kind), kind, signer);
    let client = ClientConfig::new(roots).versions(version, version);
    Pair::of(
        client,
        ServerConfig::new(identity).versions(version, version),
    )
}

/// A certificate with a gated key, and the roots that verify it.
fn gated(kind: KeyKind) -> (Identity, Arc<GatedKey>, Roots) {
    gated_for(&Leaf::localhost(kind), kind)
}

fn gated_for(leaf: &Leaf, kind: KeyKind) -> (Identity, Arc<GatedKey>, Roots) {
    let mut gated = None;
    let (identity, roots) = identity_with(leaf, kind, |key| {
        let key = Arc::new(GatedKey {
            key,
            asked: Mutex::default(),
            abandoned: Arc::default(),
        });
        gated = Some(Arc::clone(&key));
        key
    });
    (identity, gated.unwrap(), roots)
}

/// A pair whose server signs behind a gate, with ASYNC on there.
fn gated_pair(version: ProtocolVersion, kind: KeyKind) -> (Pair, Arc<GatedKey>) {
    let (identity, signer, roots) = gated(kind);
    let client = ClientConfig::new(roots).versions(version, version);
    let server = ServerConfig::new(identity).versions(version, version);
    let mut pair = Pair::of(client, server);
    pair.server.connection.set_mode(SslMode::ASYNC);
    (pair, signer)
}

/// Runs both sides until one waits for its signer.
fn until_async(pair: &mut Pair) {
    for _ in 0..10 {
        if pair.server.handshake().unwrap() == Outcome::Want(Want::Async)
            || pair.client.handshake().unwrap() == Outcome::Want(Want::Async)
        {
            return;
        }
    }
    panic!("nothing waits");
}

fn exchange(pair: &mut Pair) {
    pair.client.expect_no_data();
    assert_eq!(pair.client.write(b"ping").unwrap(), Outcome::Done(4));
    assert_eq!(pair.server.read_all().unwrap(), b"ping");
    assert_eq!(pair.server.write(b"pong").unwrap(), Outcome::Done(4));
    assert_eq!(pair.client.read_all().unwrap(), b"pong");
}

#[test]
fn a3_a_signature_that_is_not_ready_ends_the_call_and_the_same_call_resumes() {
    for version in VERSIONS {
        for kind in KeyKind::ALL {
            let (mut pair, signer) = gated_pair(version, kind);
            until_async(&mut pair);
            // Still not.
            let again = pair.server.handshake().unwrap();
            assert_eq!(again, Outcome::Want(Want::Async));
            assert_eq!(signer.release(), 1);
            pair.handshake();
            exchange(&mut pair);
        }
    }
}

#[test]
fn a3_reads_and_writes_wait_for_it_too_and_commit_to_nothing() {
    for version in VERSIONS {
        let (mut pair, signer) = gated_pair(version, KeyKind::EcP256);
        let _ = pair.client.handshake().unwrap();
        let mut space = [0; 10];
        let read = pair.server.read(&mut space).unwrap();
        assert_eq!(read, Outcome::Want(Want::Async));
        let write = pair.server.write(b"one").unwrap();
        assert_eq!(write, Outcome::Want(Want::Async));
        signer.release();
        // Another write than the one that waited: nothing of that was taken.
        for _ in 0..5 {
            let _ = pair.server.handshake().unwrap();
            let _ = pair.client.handshake().unwrap();
        }
        assert_eq!(pair.server.write(b"another").unwrap(), Outcome::Done(7));
        let read = pair.client.read(&mut space).unwrap();
        assert_eq!(read, Outcome::Done(Received::Data(7)));
        assert_eq!(&space[..7], b"another");
    }
}

#[test]
fn a1_a_signer_that_is_ready_at_once_makes_no_difference() {
    for version in VERSIONS {
        let mut pair = pair_with(version, |key| Arc::new(key));
        pair.server.connection.set_mode(SslMode::ASYNC);
        for _ in 0..3 {
            assert_ne!(pair.client.handshake().unwrap(), Outcome::Want(Want::Async));
            assert_ne!(pair.server.handshake().unwrap(), Outcome::Want(Want::Async));
        }
        exchange(&mut pair);
    }
}

#[test]
fn a5_without_the_bit_the_signature_is_waited_for_in_place() {
    for version in VERSIONS {
        let (mut pair, signer) = gated_pair(version, KeyKind::EcP256);
        pair.server.connection.clear_mode(SslMode::ASYNC);
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let releasing = thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                signer.release();
                thread::yield_now();
            }
        });
        pair.handshake();
        done.store(true, Ordering::SeqCst);
        releasing.join().unwrap();
        exchange(&mut pair);
    }
}

#[test]
fn a52_a_call_without_the_bit_finishes_what_waits() {
    let (mut pair, signer) = gated_pair(Tls13, KeyKind::EcP256);
    until_async(&mut pair);
    pair.server.connection.clear_mode(SslMode::ASYNC);
    let releasing = thread::spawn(move || signer.release());
    assert_eq!(pair.server.handshake().unwrap(), Outcome::Want(Want::Read));
    assert_eq!(releasing.join().unwrap(), 1);
    pair.handshake();
    exchange(&mut pair);
}

#[test]
fn a14_a_connection_that_waits_can_be_dropped_or_cleared() {
    for version in VERSIONS {
        let (mut pair, signer) = gated_pair(version, KeyKind::EcP256);
        until_async(&mut pair);
        pair.server.connection.clear().unwrap();
        assert_eq!(signer.abandoned.load(Ordering::SeqCst), 1);
        let (mut pair, signer) = gated_pair(version, KeyKind::EcP256);
        until_async(&mut pair);
        drop(pair);
        assert_eq!(signer.abandoned.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a53_another_thread_may_resume() {
    let (mut pair, signer) = gated_pair(Tls13, KeyKind::EcP256);
    until_async(&mut pair);
    let resuming = thread::spawn(move || {
        signer.release();
        pair.handshake();
        exchange(&mut pair);
    });
    resuming.join().unwrap();
}

const MANY: usize = 300;

/// So many pairs whose servers wait for one key.
fn many_that_wait() -> (Vec<Pair>, Arc<GatedKey>) {
    let (identity, signer, roots) = gated(KeyKind::EcP256);
    let client = Context::client(ClientConfig::new(roots)).unwrap();
    let server = Context::server(ServerConfig::new(identity)).unwrap();
    server.set_mode(SslMode::ASYNC);
    let mut pairs: Vec<_> = (0..MANY).map(|_| Pair::fresh(&client, &server)).collect();
    pairs.iter_mut().for_each(until_async);
    (pairs, signer)
}

#[test]
fn many_wait_at_once_in_one_thread() {
    let (mut pairs, signer) = many_that_wait();
    // One that needs no signature of its own gets on meanwhile.
    let (mut other, theirs) = gated_pair(Tls13, KeyKind::EcP256);
    until_async(&mut other);
    theirs.release();
    other.handshake();
    exchange(&mut other);
    assert_eq!(signer.release(), MANY);
    for pair in &mut pairs {
        pair.handshake();
        exchange(pair);
    }
}

#[test]
fn a14_of_many_that_wait_some_are_dropped_and_the_others_end_well() {
    let (mut pairs, signer) = many_that_wait();
    let mut index = 0..MANY;
    pairs.retain(|_| index.next().is_some_and(|index| index % 2 == 0));
    assert_eq!(signer.abandoned.load(Ordering::SeqCst), MANY / 2);
    assert_eq!(signer.release(), MANY);
    for pair in &mut pairs {
        pair.handshake();
        exchange(pair);
    }
    assert_eq!(signer.abandoned.load(Ordering::SeqCst), MANY / 2);
}

#[test]
fn a_clients_key_may_wait_too() {
    for version in VERSIONS {
        let leaf = Leaf::client("a client", KeyKind::EcP256);
        let (identity, signer, roots) = gated_for(&leaf, KeyKind::EcP256);
        let (server_identity, server_roots) = super::pair::identity(KeyKind::EcP256);
        let client = ClientConfig::new(server_roots)
            .versions(version, version)
            .identity(identity);
        let server = ServerConfig::new(server_identity)
            .versions(version, version)
            .client_trust(ClientTrust::Required(roots));
        let mut pair = Pair::of(client, server);
        pair.client.connection.set_mode(SslMode::ASYNC);
        until_async(&mut pair);
        assert_eq!(signer.release(), 1);
        pair.handshake();
        let shown = &pair
            .server
            .connection
            .negotiated()
            .unwrap()
            .peer_certificates;
        assert_eq!(shown.len(), 1);
        exchange(&mut pair);
    }
}

/// A key that signs nothing.
struct BrokenKey(LocalKey);

impl AsyncSigner for BrokenKey {
    fn schemes(&self) -> Vec<u16> {
        self.0.schemes()
    }

    fn sign(&self, _: u16, _: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        Box::pin(core::future::ready(Err(SigningFailed)))
    }
}

/// A client's certificate, with a key that signs or one that does not, and the roots that verify it.
fn client_identity(broken: bool) -> (Identity, Roots) {
    let kind = KeyKind::EcP256;
    identity_with(&Leaf::client("a client", kind), kind, |key| match broken {
        true => Arc::new(BrokenKey(key)),
        false => Arc::new(key),
    })
}

#[test]
fn a_clients_signature_that_fails_ends_the_handshake_with_an_alert() {
    for version in VERSIONS {
        for bit in [false, true] {
            let (identity, roots) = client_identity(true);
            let (client, server) = super::pair::configs(version);
            let server = server.client_trust(ClientTrust::Required(roots));
            let mut pair = Pair::of(client.identity(identity), server);
            if bit {
                pair.client.connection.set_mode(SslMode::ASYNC);
            }
            let _ = pair.client.handshake().unwrap();
            let _ = pair.server.handshake().unwrap();
            let error = tls_error(pair.client.handshake());
            assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR), "{version}");
            let learnt = tls_error(pair.server.handshake());
            let expected = Error::AlertReceived(AlertDescription::INTERNAL_ERROR);
            assert_eq!(learnt, expected, "{version} {bit}");
        }
    }
}

#[test]
fn a_signature_that_fails_ends_the_handshake_with_an_alert() {
    for version in VERSIONS {
        for bit in [false, true] {
            let mut pair = pair_with(version, |key| Arc::new(BrokenKey(key)));
            if bit {
                pair.server.connection.set_mode(SslMode::ASYNC);
            }
            let _ = pair.client.handshake().unwrap();
            let error = tls_error(pair.server.handshake());
            assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR), "{version}");
            let learnt = tls_error(pair.client.handshake());
            let expected = Error::AlertReceived(AlertDescription::INTERNAL_ERROR);
            assert_eq!(learnt, expected, "{version} {bit}");
        }
    }
}

/// Decides when told to.
#[derive(Default)]
struct GatedCheck(Mutex<Vec<(usize, oneshot::Sender<bool>)>>);

impl GatedCheck {
    /// Decides everything asked so far; the lengths of the chains.
    fn decide(&self, verdict: bool) -> Vec<usize> {
        let asked = core::mem::take(&mut *self.0.lock().unwrap());
        let tell = |(length, gate): (usize, oneshot::Sender<bool>)| {
            let _ = gate.send(verdict);
            length
        };
        asked.into_iter().map(tell).collect()
    }
}

impl PeerCheck for GatedCheck {
    fn accepts(&self, chain: Vec<Vec<u8>>) -> Operation<bool> {
        let (gate, verdict) = oneshot::channel();
        self.0.lock().unwrap().push((chain.len(), gate));
        Box::pin(async move { verdict.await.unwrap_or_default() })
    }
}

#[test]
fn a_client_may_take_its_time_over_a_server() {
    for version in VERSIONS {
        for verdict in [true, false] {
            let check = Arc::new(GatedCheck::default());
            let (client, server) = super::pair::configs(version);
            let client = client.peer_check(Arc::clone(&check) as _);
            let mut pair = Pair::of(client, server);
            pair.client.connection.set_mode(SslMode::ASYNC);
            until_async(&mut pair);
            assert_eq!(check.decide(verdict), [1]);
            if verdict {
                pair.handshake();
                exchange(&mut pair);
                continue;
            }
            let error = tls_error(pair.client.handshake());
            assert_eq!(error, CertificateFault::Declined.into());
            let learnt = tls_error(pair.server.handshake());
            let expected = Error::AlertReceived(AlertDescription::ACCESS_DENIED);
            assert_eq!(learnt, expected, "{version}");
        }
    }
}

#[test]
fn a_server_may_take_its_time_over_a_client() {
    for version in VERSIONS {
        for verdict in [true, false] {
            let check = Arc::new(GatedCheck::default());
            let (shown, roots) = client_identity(false);
            let (client, server) = super::pair::configs(version);
            let client = client.identity(shown);
            let server = server
                .client_trust(ClientTrust::Required(roots))
                .peer_check(Arc::clone(&check) as _);
            let mut pair = Pair::of(client, server);
            pair.server.connection.set_mode(SslMode::ASYNC);
            until_async(&mut pair);
            assert_eq!(check.decide(verdict), [1]);
            if verdict {
                pair.handshake();
                exchange(&mut pair);
                continue;
            }
            let error = tls_error(pair.server.handshake());
            assert_eq!(error, CertificateFault::Declined.into());
            let learnt = match pair.client.handshake() {
                // A TLS 1.3 client is done before it hears of it.
                Ok(_) => pair.client.read(&mut [0; 10]),
                Err(error) => Err(error),
            };
            let expected = Error::AlertReceived(AlertDescription::ACCESS_DENIED);
            assert_eq!(tls_error(learnt), expected, "{version}");
        }
    }
}

#[test]
fn a_resumed_peer_is_not_asked_about_again() {
    for version in VERSIONS {
        let check = Arc::new(GatedCheck::default());
        let (client, server) = super::pair::configs(version);
        let client = Context::client(client.peer_check(Arc::clone(&check) as _)).unwrap();
        let server = Context::server(server).unwrap();
        client.set_mode(SslMode::ASYNC);
        let mut pair = Pair::fresh(&client, &server);
        until_async(&mut pair);
        check.decide(true);
        pair.handshake();
        exchange(&mut pair);
        let again = Pair::connected(&client, &server);
        assert!(again.client.connection.negotiated().unwrap().resumed);
        assert_eq!(check.decide(true), []);
    }
}

#[test]
fn the_waker_is_told_when_the_call_is_worth_repeating() {
    let (mut pair, signer) = gated_pair(Tls13, KeyKind::EcP256);
    let signal = Signal::new();
    pair.server.connection.set_waker(&signal.waker());
    until_async(&mut pair);
    assert!(!signal.wait_timeout(core::time::Duration::ZERO));
    let releasing = thread::spawn(move || signer.release());
    signal.wait();
    assert_eq!(releasing.join().unwrap(), 1);
    pair.handshake();
}

#[test]
fn a_stream_can_sleep_until_the_signer_is_done() {
    let (pair, signer) = gated_pair(Tls13, KeyKind::EcP256);
    let Pair { mut client, server } = pair;
    let Half { connection, end } = server;
    let mut server = TlsStream::new(connection, end);
    let _ = client.handshake().unwrap();
    assert_eq!(server.handshake().unwrap(), Outcome::Want(Want::Async));
    assert_eq!(server.last_want(), Some(Want::Async));
    let releasing = thread::spawn(move || signer.release());
    assert_eq!(server.wait_async().unwrap(), Outcome::Want(Want::Read));
    releasing.join().unwrap();
    assert_eq!(client.handshake().unwrap(), Outcome::Done(()));
    assert_eq!(server.wait_async().unwrap(), Outcome::Done(()));
}

#[test]
fn a_key_of_another_kind_is_refused_by_the_peer() {
    // The certificate of one key with the signatures of another.
    let (_, signer, _) = gated(KeyKind::EcP256);
    let mut pair = pair_with(Tls13, |_| Arc::clone(&signer) as _);
    pair.server.connection.set_mode(SslMode::ASYNC);
    until_async(&mut pair);
    signer.release();
    let _ = pair.server.handshake().unwrap();
    let error = tls_error(pair.client.handshake());
    assert_eq!(error, CertificateFault::BadSignature.into());
}

#[test]
fn an_operation_that_panics_reaches_the_caller_and_ends_the_connection() {
    struct Panics(LocalKey);
    impl AsyncSigner for Panics {
        fn schemes(&self) -> Vec<u16> {
            self.0.schemes()
        }
        fn sign(&self, _: u16, _: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
            Box::pin(core::future::poll_fn(|_| -> Poll<_> {
                panic!("the application's")
            }))
        }
    }
    let mut pair = pair_with(Tls13, |key| Arc::new(Panics(key)));
    pair.server.connection.set_mode(SslMode::ASYNC);
    let _ = pair.client.handshake().unwrap();
    let server = &mut pair.server;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.handshake()));
    assert!(caught.is_err());
    assert_eq!(tls_error(pair.server.handshake()), Error::AlreadyFailed);
}
