//! Tests of certificate verification: verdicts, callbacks, chains.
//!
//! Owns a root, an intermediate and a leaf made for each test.

use super::*;
use crate::crypto::testing::{self, Identity, Kind};

struct Three {
    root: Identity,
    middle: Identity,
    leaf: Identity,
}

fn three(seconds: i64) -> Three {
    let root = testing::self_signed(Kind::P256, "root");
    let middle = testing::issued("middle", &root, true, 3600);
    let leaf = testing::issued("leaf.example", &middle, false, seconds);
    Three { root, middle, leaf }
}

fn store_of(certificates: &[&Identity]) -> X509Store {
    let store = X509Store::new().unwrap();
    for identity in certificates {
        // SAFETY: both are live.
        let added =
            unsafe { ffi::X509_STORE_add_cert(store.as_ptr(), identity.certificate.as_ptr()) };
        assert_eq!(added, 1);
    }
    store
}

fn stack_of(certificates: &[&Identity]) -> X509Stack {
    let mut stack = X509Stack::new().unwrap();
    for identity in certificates {
        assert!(stack.push(identity.certificate.clone()));
    }
    stack
}

fn request<'a>(store: &'a X509Store, chain: &'a X509Stack, param: &'a VerifyParam) -> Request<'a> {
    Request {
        store,
        chain,
        peer: Peer::Server,
        param,
        security_level: 1,
        flags: 0,
        ssl: null_mut(),
        dane: null_mut(),
        callback: None,
        replacement: None,
    }
}

fn verdict(request: &Request<'_>) -> Verdict {
    // SAFETY: the pointers of a test's request are NULL or its own.
    unsafe { verify(request) }.unwrap()
}

#[test]
fn a_chain_to_a_trusted_root_is_good_and_the_name_that_matched_is_told() {
    let made = three(3600);
    let (store, chain) = (
        store_of(&[&made.root]),
        stack_of(&[&made.leaf, &made.middle]),
    );
    let param = VerifyParam::new().unwrap();
    // SAFETY: the parameters are live, the name is terminated.
    unsafe { ffi::X509_VERIFY_PARAM_set1_host(param.as_ptr(), c"leaf.example".as_ptr(), 0) };
    let verdict = verdict(&request(&store, &chain, &param));
    assert!(verdict.ok);
    assert_eq!(
        (verdict.error, verdict.chain.unwrap().len()),
        (ffi::X509_V_OK, 3)
    );
    unsafe extern "C" {
        fn X509_VERIFY_PARAM_get0_peername(
            param: *const ffi::X509_VERIFY_PARAM,
        ) -> *const std::ffi::c_char;
    }
    // SAFETY: the parameters are live and own the name.
    let name = unsafe { CStr::from_ptr(X509_VERIFY_PARAM_get0_peername(param.as_ptr())) };
    assert_eq!(name, c"leaf.example");
}

#[test]
fn failures_name_their_error_and_alert() {
    let (good, expired) = (three(3600), three(-3600));
    let param = VerifyParam::new().unwrap();
    let outcome = |store: &X509Store, chain: &X509Stack| {
        let verdict = verdict(&request(store, chain, &param));
        assert!(!verdict.ok);
        (verdict.error, alert_for(verdict.error))
    };
    assert_eq!(
        outcome(&store_of(&[]), &stack_of(&[&good.leaf, &good.middle])),
        (ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48)
    );
    assert_eq!(
        outcome(&store_of(&[]), &stack_of(&[&good.root])),
        (ffi::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 48)
    );
    assert_eq!(
        outcome(
            &store_of(&[&expired.root]),
            &stack_of(&[&expired.leaf, &expired.middle])
        ),
        (ffi::X509_V_ERR_CERT_HAS_EXPIRED, 45)
    );
    assert_eq!(alert_for(ffi::X509_V_OK), 46);
    queue::clear();
}

unsafe extern "C" fn forgive(_: c_int, ctx: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: libcrypto lends the context; the slot holds the test's counter.
    unsafe { *ssl_of(ctx).cast::<c_int>() += 1 };
    1
}

#[test]
fn a_callback_finds_the_connection_and_overrules_while_the_error_stays() {
    let made = three(3600);
    let (store, chain) = (store_of(&[]), stack_of(&[&made.leaf]));
    let param = VerifyParam::new().unwrap();
    let mut calls: c_int = 0;
    let verdict = verdict(&Request {
        ssl: (&raw mut calls).cast(),
        callback: Some(forgive),
        ..request(&store, &chain, &param)
    });
    assert!(verdict.ok && calls > 0);
    assert_ne!(verdict.error, ffi::X509_V_OK);
    queue::clear();
}

unsafe extern "C" fn reject(ctx: *mut ffi::X509_STORE_CTX, arg: *mut c_void) -> c_int {
    // SAFETY: libcrypto's context and the test's own number.
    unsafe {
        ffi::X509_STORE_CTX_set_error(ctx, ffi::X509_V_ERR_APPLICATION_VERIFICATION);
        *arg.cast::<c_int>()
    }
}

#[test]
fn a_replacement_decides_alone() {
    let made = three(3600);
    let (store, chain) = (
        store_of(&[&made.root]),
        stack_of(&[&made.leaf, &made.middle]),
    );
    let param = VerifyParam::new().unwrap();
    for answer in [0, 1, -1] {
        let mut answer: c_int = answer;
        let verdict = verdict(&Request {
            replacement: Some((reject, (&raw mut answer).cast())),
            ..request(&store, &chain, &param)
        });
        assert_eq!((verdict.ok, verdict.result), (answer > 0, answer));
        assert_eq!(alert_for(verdict.error), 40);
        assert!(verdict.chain.is_none());
    }
}
