//! Calls whose connection is cleared by a callback of their own. OpenSSL crashes on most of these; what both
//! take is held by `tests/c/api/reentrant.c`.

use std::ffi::{c_int, c_void};
use std::sync::Arc;

use ssl_record::Side;

use crate::crypto::queue;
use crate::crypto::testing::{self, Kind};
use crate::ctx::Ctx;
use crate::handle::SSL;
use crate::method;
use crate::settings::callbacks::{Arg, With};
use crate::settings::install;
use crate::ssl::{Ssl, Stage};

/// How often it still clears the connection is in the place that `arg` leads to.
unsafe fn clear(ssl: *mut SSL, arg: *mut c_void) {
    // SAFETY: the tests pass a number and a live connection.
    unsafe {
        let left = &mut *arg.cast::<c_int>();
        if *left > 0 {
            *left -= 1;
            assert!((*ssl).clear());
        }
    }
}

unsafe extern "C" fn on_hello(ssl: *mut SSL, _: *mut c_int, arg: *mut c_void) -> c_int {
    // SAFETY: as for `clear`.
    unsafe { clear(ssl, arg) };
    1
}

unsafe extern "C" fn on_certificate(ssl: *mut SSL, arg: *mut c_void) -> c_int {
    // SAFETY: as for `clear`.
    unsafe { clear(ssl, arg) };
    1
}

fn join(client: &Ssl, server: &Ssl) {
    let (one, other) = testing::bio_pair();
    for (ssl, bio) in [(client, one), (server, other)] {
        ssl.bios.set_read(Some(bio.clone()));
        ssl.bios.set_write(Some(bio));
    }
}

/// A client and a server that is cleared once, by its callback for `hello` or for its certificate.
fn cleared_once(hello: bool) {
    let (client, server) = (
        Ctx::new(&method::TLS_CLIENT).unwrap(),
        Ctx::new(&method::TLS_SERVER).unwrap(),
    );
    let identity = testing::self_signed(Kind::P256, "leaf");
    install::certificate(&*server, identity.certificate).unwrap();
    install::key(&*server, identity.key).unwrap();
    let mut left: c_int = 1;
    let arg = Arg((&raw mut left).cast());
    if hello {
        let function = on_hello;
        server.change_hooks(|to| to.client_hello = Some(With { function, arg }));
    } else {
        let function = on_certificate;
        server.change(|to| to.hooks.cert = Some(With { function, arg }));
    }
    let begin = |ctx: &Arc<Ctx>, side| {
        let ssl = Ssl::new(ctx).unwrap();
        ssl.begin_as(side);
        ssl
    };
    let (one, other) = (begin(&client, Side::Client), begin(&server, Side::Server));
    join(&one, &other);
    queue::clear();
    assert_eq!(one.do_handshake(), -1);
    // The call ends, and its engine with it.
    assert_eq!(other.do_handshake(), -1);
    assert_eq!((other.stage(), other.is_out.get()), (Stage::Before, false));
    assert!(other.facts().hello.is_empty() && other.facts().version.is_none());
    // The connection is as new.
    let one = begin(&client, Side::Client);
    join(&one, &other);
    assert!((0..10).any(|_| (one.do_handshake(), other.do_handshake()) == (1, 1)));
    queue::clear();
}

#[test]
fn a_call_whose_connection_is_cleared_meanwhile_ends() {
    cleared_once(true);
    cleared_once(false);
}
