//! `server --www` against curl.

use std::fs;

use ssl_testkit::curl;
use ssl_testkit::digest::sha256;
use ssl_testkit::pattern::Pattern;
use ssl_testkit::process::usable;

use crate::program::{Server, path};

#[test]
fn files_and_nothing_else() {
    if !usable(&curl::available()).unwrap() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("www");
    fs::create_dir(&root).unwrap();
    let content = Pattern::bytes(11, 3_000_000);
    fs::write(root.join("file.bin"), &content).unwrap();
    fs::write(root.join("index.html"), "the index").unwrap();
    fs::write(folder.path().join("secret"), "outside").unwrap();
    let server = Server::start(&["--www", path(&root)]);
    let get = |name: &str| {
        let url = format!("https://localhost:{}/{name}", server.addr.port());
        curl::get(&url)
            .ca(&server.ca())
            .resolve("localhost", server.addr)
            .arg("--path-as-is")
    };
    let file = get("file.bin").run().unwrap();
    assert_eq!(
        (file.http_status, file.http_version.as_str()),
        (200, "1.1"),
        "{}",
        file.stderr
    );
    assert_eq!(file.sha256(), sha256(&content));
    assert_eq!(get("").run().unwrap().body, b"the index");
    assert_eq!(get("missing").run().unwrap().http_status, 404);
    for outside in ["../secret", "%2e%2e/secret", "..%2fsecret"] {
        let answer = get(outside).run().unwrap();
        assert_eq!(answer.http_status, 404, "{outside}: {:?}", answer.body);
    }
    let part = get("file.bin").arg("--range").arg("100-199").run().unwrap();
    assert_eq!(
        (part.http_status, &part.body[..]),
        (206, &content[100..200])
    );
    let posted = get("file.bin").arg("--data").arg("x").run().unwrap();
    assert_eq!(posted.http_status, 405);
    let old = get("file.bin").tls1_2().run().unwrap();
    assert_eq!(old.sha256(), sha256(&content));
}
