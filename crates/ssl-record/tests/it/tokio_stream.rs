//! `io::tokio::TlsStream`: over tokio's in-memory duplex and over loopback TCP.

use std::io::ErrorKind;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ssl_record::config::{
    AsyncSigner, ClientConfig, Identity, Operation, Roots, ServerConfig, SigningFailed,
};
use ssl_record::io::tokio::TlsStream;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Context, LocalKey, SslMode};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pattern::Pattern;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::pair::{HOST, configs, contexts};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

fn streams<T: AsyncRead + AsyncWrite + Unpin>(
    version: ProtocolVersion,
    ends: (T, T),
) -> (TlsStream<T>, TlsStream<T>) {
    let (client, server) = contexts(version);
    (
        TlsStream::new(Connection::client(&client, HOST).unwrap(), ends.0),
        TlsStream::new(Connection::server(&server).unwrap(), ends.1),
    )
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

/// Writes a pattern from the client while the server echoes it, then closes both ways.
async fn echo<T>(version: ProtocolVersion, ends: (T, T))
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, mut server) = streams(version, ends);
    let echo = async move {
        let mut piece = vec![0; 7000];
        loop {
            match server.read(&mut piece).await.unwrap() {
                0 => break,
                n => server.write_all(&piece[..n]).await.unwrap(),
            }
        }
        server.shutdown().await.unwrap();
    };
    let sent = Pattern::bytes(11, 300_000);
    let expected = sent.clone();
    let ask = async move {
        let (mut reader, mut writer) = tokio::io::split(client);
        let write = async move {
            writer.write_all(&sent).await.unwrap();
            writer.flush().await.unwrap();
            writer.shutdown().await.unwrap();
        };
        let read = async move {
            let mut back = Vec::new();
            reader.read_to_end(&mut back).await.unwrap();
            back
        };
        tokio::join!(write, read).1
    };
    let ((), back) = tokio::join!(echo, ask);
    assert!(back == expected, "{} bytes came back", back.len());
}

/// Turns a hang into a failure.
async fn soon<V>(future: impl Future<Output = V>) -> V {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("nothing happens any more")
}

#[tokio::test]
async fn an_echo_in_memory_returns_every_byte_whatever_fits_between() {
    for version in VERSIONS {
        for room in [1, 100, 1 << 20] {
            let size = if room == 1 { 20 } else { room };
            soon(echo(version, duplex(size))).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_over_tcp_returns_every_byte() {
    for version in VERSIONS {
        let ends = tcp().await;
        soon(echo(version, ends)).await;
    }
}

#[tokio::test]
async fn r20_a_transport_dropped_without_close_notify_is_an_unexpected_end() {
    for version in VERSIONS {
        let (mut client, mut server) = streams(version, duplex(1 << 16));
        let cut = async move {
            server.write_all(b"only half of it").await.unwrap();
            drop(server);
        };
        let read = async move {
            let mut all = Vec::new();
            let error = client.read_to_end(&mut all).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(all, b"only half of it");
        };
        soon(async { tokio::join!(cut, read) }).await;
    }
}

#[tokio::test]
async fn a_failed_handshake_is_told_to_both() {
    let (client, _) = configs(Tls12);
    let (_, server) = configs(Tls13);
    let client = Context::client(client).unwrap();
    let server = Context::server(server).unwrap();
    let (client_end, server_end) = duplex(1 << 16);
    let mut client = TlsStream::new(Connection::client(&client, HOST).unwrap(), client_end);
    let mut server = TlsStream::new(Connection::server(&server).unwrap(), server_end);
    let both = async { tokio::join!(client.handshake(), server.handshake()) };
    let (told, found) = soon(both).await;
    assert!(told.unwrap_err().to_string().contains("protocol_version"));
    assert!(found.unwrap_err().to_string().contains("TLS version"));
}

#[tokio::test]
async fn r54_without_auto_retry_a_task_is_woken_after_a_ticket() {
    let (mut client, mut server) = streams(Tls13, duplex(1 << 16));
    client.connection_mut().set_read_ahead(false);
    client.connection_mut().clear_mode(SslMode::AUTO_RETRY);
    let serve = async {
        server.write_all(b"behind two tickets").await.unwrap();
    };
    let read = async {
        let mut out = [0; 18];
        client.read_exact(&mut out).await.unwrap();
        assert_eq!(&out, b"behind two tickets");
    };
    soon(async { tokio::join!(serve, read) }).await;
}

#[tokio::test]
async fn s5_shutdown_twice_is_harmless() {
    let (mut client, mut server): (TlsStream<DuplexStream>, _) = streams(Tls13, duplex(1 << 16));
    let both = async { tokio::join!(client.handshake(), server.handshake()) };
    let (client_done, server_done) = soon(both).await;
    client_done.unwrap();
    server_done.unwrap();
    for _ in 0..2 {
        soon(client.shutdown()).await.unwrap();
    }
    assert_eq!(soon(server.read(&mut [0; 9])).await.unwrap(), 0);
    soon(server.shutdown()).await.unwrap();
    assert_eq!(soon(client.read(&mut [0; 9])).await.unwrap(), 0);
}

type Work = Box<dyn FnOnce() + Send>;

/// A key whose signatures are made on a thread of their own, which may keep them back.
struct OnAnotherThread {
    key: LocalKey,
    thread: mpsc::Sender<Work>,
}

impl AsyncSigner for OnAnotherThread {
    fn schemes(&self) -> Vec<u16> {
        self.key.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let key = self.key.clone();
        let (done, signature) = oneshot::channel();
        let work = move || drop(done.send(key.sign(scheme, &message)));
        self.thread.send(Box::new(work)).unwrap();
        Box::pin(async move { signature.await.map_err(|_| SigningFailed)? })
    }
}

/// Contexts of both sides whose server signs behind `thread`.
fn contexts_that_sign_on(
    thread: mpsc::Sender<Work>,
    version: ProtocolVersion,
) -> (Context, Context) {
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let key = LocalKey::from_pem(issued.key_pem().as_bytes()).unwrap();
    let signer = Arc::new(OnAnotherThread { key, thread });
    let identity = Identity::with_signer(issued.chain_pem().as_bytes(), signer).unwrap();
    let roots = Roots::from_pem(issued.root_pem().as_bytes()).unwrap();
    let client = ClientConfig::new(roots).versions(version, version);
    let server = ServerConfig::new(identity).versions(version, version);
    (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    )
}

/// A runtime of one thread, which a server that waited for its key in place would stop: the key waits for
/// a task of the same runtime.
#[tokio::test(flavor = "current_thread")]
async fn a3_other_tasks_get_on_while_a_handshake_waits_for_its_key() {
    const STEPS: usize = 100;
    for version in VERSIONS {
        let (work, works) = mpsc::channel::<Work>();
        let (asked, is_asked) = oneshot::channel();
        let (release, released) = mpsc::channel();
        let signing = thread::spawn(move || {
            let work = works.recv().unwrap();
            asked.send(()).unwrap();
            // Kept back for ever, the signature fails: the work is dropped.
            released.recv_timeout(Duration::from_secs(60)).unwrap();
            work();
        });
        let (client, server) = contexts_that_sign_on(work, version);
        let (client_end, server_end) = duplex(1 << 16);
        let mut client = TlsStream::new(Connection::client(&client, HOST).unwrap(), client_end);
        let mut server = TlsStream::new(Connection::server(&server).unwrap(), server_end);
        let serving = tokio::spawn(async move {
            server.handshake().await.unwrap();
            server.write_all(b"signed").await.unwrap();
        });
        let other = async {
            is_asked.await.unwrap();
            let mut steps = 0;
            while steps < STEPS {
                tokio::task::yield_now().await;
                assert!(!serving.is_finished());
                steps += 1;
            }
            release.send(()).unwrap();
            steps
        };
        let read = async {
            let mut out = [0; 6];
            client.read_exact(&mut out).await.unwrap();
            out
        };
        let (steps, out) = soon(async { tokio::join!(other, read) }).await;
        assert_eq!((steps, &out), (STEPS, b"signed"), "{version}");
        soon(serving).await.unwrap();
        signing.join().unwrap();
    }
}
