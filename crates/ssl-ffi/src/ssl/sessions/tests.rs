//! Resumption where we are stricter than OpenSSL, and under many threads. What both do alike is held by
//! the programs in `tests/c/api`.

use std::ffi::{CStr, c_int};
use std::sync::Arc;

use openssl_sys as ffi;
use ssl_record::Side;

use crate::crypto::queue;
use crate::crypto::testing::{self, Identity, Kind};
use crate::ctx::Ctx;
use crate::method;
use crate::session::Session;
use crate::settings::callbacks::VerifyCallback;
use crate::settings::{SessionIdContext, install, option};
use crate::ssl::Ssl;
use crate::ssl::io::Reading;
use crate::ssl::plan::{VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER};

const VERSIONS: [i32; 2] = [0x303, 0x304];

unsafe extern "C" fn accept_any(_: c_int, _: *mut ffi::X509_STORE_CTX) -> c_int {
    1
}

/// Contexts for one version; both sides have a certificate of their own.
struct World {
    client: Arc<Ctx>,
    server: Arc<Ctx>,
}

impl World {
    fn new(version: i32, stateful: bool) -> Self {
        let world = Self {
            client: Ctx::new(&method::TLS_CLIENT).unwrap(),
            server: Ctx::new(&method::TLS_SERVER).unwrap(),
        };
        for ctx in [&world.client, &world.server] {
            ctx.change(|to| (to.min_version, to.max_version) = (version, version));
            certify(ctx, testing::self_signed(Kind::P256, "leaf"));
        }
        world.server.change(|to| {
            to.session_id_context = SessionIdContext::new(b"tests").unwrap();
            if stateful {
                to.options |= option::NO_TICKET;
            }
        });
        world
    }

    /// A connection that ends in order: what the client has then, and whether it resumed.
    fn connect(&self, name: Option<&CStr>, session: Option<Arc<Session>>) -> (Arc<Session>, bool) {
        let (client, server) = (
            Ssl::new(&self.client).unwrap(),
            Ssl::new(&self.server).unwrap(),
        );
        client.begin_as(Side::Client);
        server.begin_as(Side::Server);
        client.set_host_name(name);
        client.set_session(session);
        join(&client, &server);
        queue::clear();
        let both = || (client.do_handshake(), server.do_handshake());
        assert!(
            (0..10).any(|_| both() == (1, 1)),
            "{:?}",
            queue::peek_first()
        );
        // What the server sent behind its handshake is read with its first byte.
        assert_eq!(server.write(b"x"), Ok(1));
        assert_eq!(client.read(&mut [0], Reading::Consume), Ok(1));
        let (resumed, of_server) = (client.facts().resumed, server.facts().resumed);
        assert_eq!(resumed, of_server);
        let session = client.session().unwrap();
        let _ = (client.close(), server.close());
        (session, resumed)
    }

    fn session(&self, name: Option<&CStr>) -> Arc<Session> {
        let (session, resumed) = self.connect(name, None);
        assert!(!resumed && session.is_resumable());
        session
    }

    fn resumes(&self, name: Option<&CStr>, session: &Arc<Session>) -> bool {
        self.connect(name, Some(Arc::clone(session))).1
    }
}

fn certify(ctx: &Arc<Ctx>, identity: Identity) {
    install::certificate(&**ctx, identity.certificate).unwrap();
    install::key(&**ctx, identity.key).unwrap();
}

fn set_verify(ctx: &Arc<Ctx>, mode: i32, callback: Option<VerifyCallback>) {
    ctx.change(|to| (to.verify.mode, to.verify.callback) = (mode, callback));
}

fn join(client: &Ssl, server: &Ssl) {
    let (one, other) = testing::bio_pair();
    for (ssl, bio) in [(client, one), (server, other)] {
        ssl.bios.set_read(Some(bio.clone()));
        ssl.bios.set_write(Some(bio));
    }
}

/// Versions, with tickets and with sessions that the server keeps.
fn worlds() -> impl Iterator<Item = World> {
    VERSIONS
        .into_iter()
        .flat_map(|version| [false, true].map(|stateful| World::new(version, stateful)))
}

#[test]
fn a_session_is_for_one_name() {
    for world in worlds() {
        let session = world.session(Some(c"one.example"));
        assert!(world.resumes(Some(c"ONE.example"), &session));
        assert!(!world.resumes(Some(c"other.example"), &session));
        assert!(!world.resumes(None, &session));
        let nameless = world.session(None);
        assert!(world.resumes(None, &nameless));
    }
}

#[test]
fn a_session_without_a_certificate_is_not_resumed_where_one_is_required() {
    for world in worlds() {
        let session = world.session(None);
        set_verify(&world.server, VERIFY_PEER, Some(accept_any));
        assert!(world.resumes(None, &session));
        let required = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT;
        set_verify(&world.server, required, Some(accept_any));
        assert!(!world.resumes(None, &session));
    }
}

#[test]
fn a_server_does_not_resume_what_it_would_not_accept() {
    for world in worlds() {
        let required = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT;
        set_verify(&world.server, required, Some(accept_any));
        let session = world.session(None);
        assert!(world.resumes(None, &session));
        set_verify(&world.server, required, None);
        let (client, server) = (
            Ssl::new(&world.client).unwrap(),
            Ssl::new(&world.server).unwrap(),
        );
        client.begin_as(Side::Client);
        server.begin_as(Side::Server);
        client.set_session(Some(session));
        join(&client, &server);
        // Resumed it would have succeeded: the certificate is nobody's.
        let both = || (client.do_handshake(), server.do_handshake());
        assert!(!(0..10).any(|_| both() == (1, 1)));
        queue::clear();
    }
}

#[test]
fn a_client_does_not_offer_what_it_would_not_accept() {
    for world in worlds() {
        let session = world.session(None);
        assert_ne!(session.read(|fields| fields.verify_result), 0);
        set_verify(&world.client, VERIFY_PEER, Some(accept_any));
        assert!(world.resumes(None, &session));
        set_verify(&world.client, VERIFY_PEER, None);
        let client = Ssl::new(&world.client).unwrap();
        client.set_session(Some(Arc::clone(&session)));
        assert!(client.session_to_resume().is_none());
    }
}

#[test]
fn a_session_of_another_kind_of_certificate_is_made_anew() {
    let world = World::new(0x303, true);
    let session = world.session(None);
    let kept = Arc::clone(&world.server);
    let server = Ctx::new(&method::TLS_SERVER).unwrap();
    server.change(|to| {
        (to.min_version, to.max_version) = (0x303, 0x303);
        to.session_id_context = SessionIdContext::new(b"tests").unwrap();
        to.options |= option::NO_TICKET;
    });
    certify(&server, testing::self_signed(Kind::Rsa, "leaf"));
    for session in kept.sessions.cache.all() {
        assert!(server.add_session(&session));
    }
    let world = World { server, ..world };
    assert!(!world.resumes(None, &session));
}

#[test]
fn a_session_for_early_data_is_for_one_use() {
    let world = World::new(0x304, false);
    world.server.change(|to| to.max_early_data = 1000);
    let session = world.session(None);
    assert!(world.resumes(None, &session));
    assert!(!world.resumes(None, &session));
    world
        .server
        .change(|to| to.options |= option::NO_ANTI_REPLAY);
    let session = world.session(None);
    assert!(world.resumes(None, &session) && world.resumes(None, &session));
}

#[test]
fn threads_share_contexts() {
    const THREADS: usize = 8;
    const EACH: usize = 6;
    for world in worlds() {
        let resumed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut session = None;
                        let mut resumed = 0;
                        for _ in 0..EACH {
                            let (next, reused) = world.connect(None, session.take());
                            resumed += usize::from(reused);
                            session = Some(next);
                        }
                        resumed
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(resumed, THREADS * (EACH - 1));
    }
}
