//! `client --session-file`: a session goes from one process to the next.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::openssl;
use ssl_testkit::process::{Process, usable};

use crate::program::{Server, complaints, path, start};

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// Our client with a session file, through our echo server and back.
fn echoed(server: &Server, file: &Path, args: &[&str]) -> Process {
    let mut all = vec!["--session-file", path(file)];
    all.extend(args);
    let mut client = server.client(&all);
    client.send(b"hello").unwrap();
    client.wait_for_stdout("hello").unwrap();
    client.close_stdin();
    let status = client.wait().unwrap();
    assert!(status.success(), "{}", client.stderr_text());
    client
}

/// Whether the process said so of its only connection.
fn resumed(client: &Process) -> bool {
    let told = client.stderr_text();
    let yes = told.contains("resumed yes");
    assert_ne!(yes, told.contains("resumed no"), "{told}");
    yes
}

/// What is in the folder beside what a test knows of.
fn leftovers(folder: &Path, known: &[&str]) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !known.contains(&&**name)).collect()
}

#[test]
fn the_next_process_resumes_at_our_server() {
    let mut server = Server::start(&[]);
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session");
        let versions = ["--min", version, "--max", version];
        for expected in [false, true, true] {
            let client = echoed(&server, &file, &versions);
            assert_eq!(resumed(&client), expected, "{version}");
            assert!(complaints(&client).is_empty(), "{}", client.stderr_text());
        }
        assert!(leftovers(folder.path(), &["session"]).is_empty());
    }
    server.terminate().unwrap();
    server.process.wait().unwrap();
    let told = server.process.stderr_text();
    assert_eq!(told.matches("resumed yes").count(), 4, "{told}");
}

#[test]
fn the_next_process_resumes_at_openssl() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let identity = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = identity.write_files().unwrap();
    let server = openssl::server(&files).www().start().unwrap();
    let target = server.addr().to_string();
    let folder = tempfile::tempdir().unwrap();
    for version in VERSIONS {
        let file = folder.path().join(version);
        for expected in [false, true, true] {
            let mut client = start(&[
                "client",
                &target,
                "--ca",
                path(files.root()),
                "--min",
                version,
                "--max",
                version,
                "--session-file",
                path(&file),
            ]);
            client.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            client.wait_for_stdout("</pre>").unwrap();
            client.close_stdin();
            client.wait().unwrap();
            assert_eq!(resumed(&client), expected, "{version}");
            // The page is the server's view.
            let page = client.stdout_text();
            let word = if expected {
                "Reused, TLSv"
            } else {
                "New, TLSv"
            };
            assert!(page.contains(word), "{version}: {page}");
        }
    }
}

#[test]
fn a_session_is_kept_though_openssl_does_not_say_goodbye() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let identity = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = identity.write_files().unwrap();
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session");
        let mut server = openssl::server(&files).start().unwrap();
        let mut client = start(&[
            "client",
            &server.addr().to_string(),
            "--ca",
            path(files.root()),
            "--min",
            version,
            "--max",
            version,
            "--session-file",
            path(&file),
        ]);
        server.send(b"hello").unwrap();
        client.wait_for_stdout("hello").unwrap();
        server.kill().unwrap();
        let status = client.wait().unwrap();
        assert_eq!(status.code(), Some(1), "{}", client.stderr_text());
        assert!(file.exists(), "{version}: {}", client.stderr_text());
    }
}

#[test]
fn the_file_is_its_owners_alone_and_whole() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o7777;
    let fresh = folder.path().join("fresh");
    echoed(&server, &fresh, &[]);
    assert_eq!(mode(&fresh), 0o600);
    let open_to_all = folder.path().join("open");
    fs::copy(&fresh, &open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(resumed(&echoed(&server, &open_to_all, &[])));
    assert_eq!(mode(&open_to_all), 0o600);
    // What the name stood for before is replaced, not written to.
    let (aim, link) = (folder.path().join("aim"), folder.path().join("link"));
    fs::write(&aim, b"precious").unwrap();
    symlink(&aim, &link).unwrap();
    echoed(&server, &link, &[]);
    assert_eq!(fs::read(&aim).unwrap(), b"precious");
    assert_eq!(mode(&link), 0o600);
    let known = ["fresh", "open", "aim", "link"];
    assert!(leftovers(folder.path(), &known).is_empty());
}

#[test]
fn what_cannot_be_used_is_warned_of_and_replaced() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    echoed(&server, &good, &["--servername", "localhost"]);
    let whole = fs::read(&good).unwrap();
    let mut flipped = whole.clone();
    // A bit of the secret, after the magic, the suite, the time and the counted name.
    flipped[6 + 2 + 8 + 4 + "localhost".len() + 4 + 1] ^= 1;
    let cases: [(&[u8], &[&str], &str); 6] = [
        (b"", &[], "damaged or no session"),
        (b"not a session", &[], "damaged or no session"),
        (&whole[..whole.len() - 1], &[], "damaged or no session"),
        (&flipped, &[], "damaged or no session"),
        (&whole, &["--max", "1.2"], "does not fit these options"),
        (
            &whole,
            &["--servername", "127.0.0.1"],
            "for localhost, not 127.0.0.1",
        ),
    ];
    for (bytes, args, why) in cases {
        let file = folder.path().join("session");
        fs::write(&file, bytes).unwrap();
        let mut all = vec!["--servername", "localhost"];
        if args.contains(&"--servername") {
            all.clear();
        }
        all.extend(args);
        let client = echoed(&server, &file, &all);
        assert!(!resumed(&client), "{why}");
        let warnings = complaints(&client);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("ssl-cli: warning: --session-file "));
        assert!(warnings[0].contains(why), "{warnings:?}");
        let again = echoed(&server, &file, &all);
        assert!(resumed(&again) && complaints(&again).is_empty(), "{why}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_told_after_the_transfer() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("missing").join("session");
    let mut client = server.client(&["--session-file", path(&file)]);
    client.send(b"hello").unwrap();
    client.wait_for_stdout("hello").unwrap();
    client.close_stdin();
    assert_eq!(client.wait().unwrap().code(), Some(1));
    let lines = complaints(&client);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("choose another --session-file"));
}

#[test]
fn both_connections_of_resume_use_the_file() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session");
    echoed(&server, &file, &[]);
    let client = echoed(&server, &file, &["--resume"]);
    let told = client.stderr_text();
    assert_eq!(told.matches("resumed yes").count(), 2, "{told}");
}

#[test]
fn a_server_without_sessions_is_warned_of() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let identity = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = identity.write_files().unwrap();
    let server = openssl::server(&files).tls1_3().rev();
    let server = server.arg("-num_tickets").arg("0").start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session");
    let target = server.addr().to_string();
    let ca = ["--ca", path(files.root())];
    let mut client = start(&[
        "client",
        &target,
        ca[0],
        ca[1],
        "--session-file",
        path(&file),
    ]);
    client.send(b"abc\n").unwrap();
    client.wait_for_stdout("cba").unwrap();
    client.close_stdin();
    let status = client.wait().unwrap();
    let lines = complaints(&client);
    assert!(status.success(), "{lines:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the server gave no session"), "{lines:?}");
    assert!(!file.exists());
}
