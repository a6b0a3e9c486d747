//! What it costs to wake a connection whose keys were folded: a request and a response, with the server's keys
//! folded before each or kept. The difference is one key for each direction, expanded from its secret.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ssl_bench::{Credentials, Port, Suite, Wires};
use ssl_record::config::{CipherSuite, ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::drive;
use ssl_record::{Connection, Context, Outcome, Received, SslMode};

/// A client and a server that have nothing to do.
struct Idle {
    client: Connection,
    server: Connection,
    wires: Wires,
}

impl Idle {
    /// Connects the two. The server's context keeps the keys of `recent` idle connections, or folds none.
    fn new(suite: Suite, credentials: &Credentials, recent: Option<usize>) -> Self {
        let identity = credentials.identity(ssl_bench::Key::P256);
        let roots = Roots::from_pem(identity.root_pem().as_bytes()).expect("a root");
        let (chain, key) = (identity.chain_pem(), identity.key_pem());
        let identity = Identity::from_pem(chain.as_bytes(), key.as_bytes())
            .expect("a certificate and its key");
        let number = ssl_bench::Terms::of(suite).number();
        let suite = CipherSuite::from_wire(number).expect("a suite");
        let client = ClientConfig::new(roots).cipher_suites(&[suite]);
        let server = ServerConfig::new(identity).cipher_suites(&[suite]);
        let client = Context::client(client).expect("a context");
        let server = Context::server(server).expect("a context");
        server.set_mode(SslMode::RELEASE_BUFFERS);
        server.fold_idle_keys(recent);
        let mut idle = Self {
            client: Connection::client(&client, Credentials::HOST).expect("a client"),
            server: Connection::server(&server).expect("a server"),
            wires: Wires::new(),
        };
        let mut is_done = false;
        while !is_done {
            let client = drive::handshake(&mut idle.client, &mut idle.wires.client());
            let server = drive::handshake(&mut idle.server, &mut idle.wires.server());
            is_done = [client.expect("a client"), server.expect("a server")]
                .iter()
                .all(|outcome| outcome.want().is_none());
        }
        idle.exchange();
        idle
    }

    /// A request, a response, and the server's look for the next request.
    fn exchange(&mut self) {
        let (client, server, wires) = (&mut self.client, &mut self.server, &mut self.wires);
        write(client, &mut wires.client());
        read(server, &mut wires.server());
        write(server, &mut wires.server());
        read(client, &mut wires.client());
        let next = drive::read(server, &mut wires.server(), &mut [0; 100]).expect("a read");
        assert!(next.want().is_some());
    }
}

fn write(connection: &mut Connection, port: &mut Port<'_>) {
    let written = drive::write(connection, port, &[1; 100]).expect("a write");
    assert_eq!(written, Outcome::Done(100));
}

fn read(connection: &mut Connection, port: &mut Port<'_>) {
    loop {
        match drive::read(connection, port, &mut [0; 100]).expect("a read") {
            Outcome::Done(Received::Data(100)) => return,
            // A ticket came first.
            Outcome::Want(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn wake(criterion: &mut Criterion) {
    let credentials = Credentials::new().expect("a certificate");
    for suite in Suite::ALL {
        let mut group = criterion.benchmark_group(format!("wake/{}", suite.name));
        group
            .sample_size(50)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        for (name, recent) in [
            ("keys stay", None),
            ("keys wait in the stock", Some(64)),
            ("keys are folded", Some(0)),
        ] {
            let mut idle = Idle::new(suite, &credentials, recent);
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| idle.exchange());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, wake);
criterion_main!(benches);
