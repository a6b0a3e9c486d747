//! The modes that act on hellos, from the command line, with OpenSSL's programs at the other end.

use std::time::{SystemTime, UNIX_EPOCH};

use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::openssl;
use ssl_testkit::process::{Process, usable};

use crate::program::{Server, finish};

/// OpenSSL's client with these options, run to its end: whether it connected, and all it said.
fn s_client(server: &Server, options: &[&str]) -> (bool, String) {
    let mut command = openssl::command();
    command.args(["s_client", "-nocommands", "-connect", &server.target()]);
    command.args(options).env_remove("SSLKEYLOGFILE");
    let mut process = Process::spawn(&mut command).unwrap();
    process.close_stdin();
    let connected = process.wait().unwrap().success();
    let said = process.stdout_text() + &process.stderr_text();
    (connected, said)
}

#[test]
fn f4_f6_f7_our_server_refuses_openssls_needless_fallback() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let (newest, older) = (Server::start(&[]), Server::start(&["--max", "1.2"]));
    // On a server the bit means nothing, and the check needs none.
    let with_bit = Server::start(&["--mode", "+send-fallback-scsv"]);
    let fallback = ["-tls1_2", "-fallback_scsv"];
    for server in [&newest, &with_bit] {
        let (connected, said) = s_client(server, &fallback);
        assert!(!connected, "{said}");
        assert!(said.contains("alert inappropriate fallback"), "{said}");
        let told = "handshake refused: inappropriate fallback";
        server.process.wait_for_stderr(told).unwrap();
    }
    for (server, options) in [
        (&newest, &fallback[..1]),
        (&newest, &fallback[1..]),
        (&older, &fallback[..]),
        (&with_bit, &fallback[..1]),
    ] {
        let (connected, said) = s_client(server, options);
        assert!(connected, "{options:?}: {said}");
    }
}

/// The first four bytes of the random in OpenSSL's report on the first hello of this kind.
fn time_in(report: &str, hello: &str) -> u64 {
    const LABEL: &str = "gmt_unix_time=0x";
    let behind = |text| report.find(text).map(|at| &report[at..]);
    let hello = behind(hello).unwrap_or_else(|| panic!("no {hello} in {report}"));
    let digits = &hello[hello.find(LABEL).unwrap() + LABEL.len()..][..8];
    u64::from_str_radix(digits, 16).unwrap()
}

/// Give or take a minute.
fn is_now(time: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    time.abs_diff(now.as_secs()) < 60
}

#[test]
fn n5_n6_openssls_server_reads_our_clients_time() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = issued.write_files().unwrap();
    for version in ["1.2", "1.3"] {
        for (edit, timed) in [
            ("+send-clienthello-time", true),
            ("+send-serverhello-time", false),
        ] {
            let server = openssl::server(&files).arg("-trace").max_connections(1);
            let mut server = server.start().unwrap();
            let target = server.addr().to_string();
            let mut args = vec!["client", &target, "--insecure", "-q", "--mode", edit];
            args.extend(["--max", version]);
            let (code, process) = finish(&args);
            assert_eq!(code, 0, "{}", process.stderr_text());
            server.wait().unwrap();
            let time = time_in(&server.stdout_text(), "ClientHello");
            assert_eq!(is_now(time), timed, "{version} {edit} {time:#x}");
        }
    }
}

#[test]
fn n5_n7_openssls_client_reads_our_servers_time() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    for (edit, timed) in [
        ("+send-serverhello-time", true),
        ("+send-clienthello-time", false),
    ] {
        let server = Server::start(&["--mode", edit]);
        for version in ["-tls1_2", "-tls1_3"] {
            let (connected, report) = s_client(&server, &["-trace", version]);
            assert!(connected, "{report}");
            let time = time_in(&report, "ServerHello");
            assert_eq!(is_now(time), timed, "{version} {edit} {time:#x}");
        }
    }
}
