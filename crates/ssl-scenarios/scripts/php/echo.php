<?php
// Facts of a connection, 8 MiB each way, protocols, names, and file_get_contents over https.
require "common.php";

function server($listener) {
    foreach (VERSIONS as $version => $method) {
        $stream = accepted($listener, ["alpn_protocols" => "echo,h2"], $method);
        $stream ?: fail("no handshake");
        $facts = stream_get_meta_data($stream)["crypto"];
        check("version", $facts["protocol"], $version);
        check("protocol", $facts["alpn_protocol"], "echo");
        $received = stream_get_contents($stream, 10 << 20);
        check("bulk", hash("sha256", $received), hash_file("sha256", DATA . "/10m.bin"));
        for ($at = 0; $at < strlen($received); ) {
            $at += fwrite($stream, substr($received, $at, 1 << 20)) ?: fail("cannot write");
        }
        fclose($stream);
    }
    $names = ["alpha.test" => ["local_cert" => PKI . "/alpha.pem", "local_pk" => PKI . "/alpha.key"]];
    foreach (["alpha.test", "localhost"] as $name) {
        $stream = accepted($listener, ["SNI_enabled" => true, "SNI_server_certs" => $names]) ?: fail("no handshake");
        fwrite($stream, "hello $name\n");
        fclose($stream);
    }
    $stream = accepted($listener) ?: fail("no handshake");
    while (trim(fgets($stream)) !== "") {
        // The request's header ends with an empty line.
    }
    fwrite($stream, "HTTP/1.0 200 OK\r\n\r\nbody of the page");
    fclose($stream);
}

function client($port) {
    foreach (VERSIONS as $version => $method) {
        $stream = connected($port, ["alpn_protocols" => "nope,echo", "capture_peer_cert" => true, "capture_peer_cert_chain" => true]);
        $stream ?: fail("no connection");
        $facts = stream_get_meta_data($stream)["crypto"];
        check("version", $facts["protocol"], $version);
        check("protocol", $facts["alpn_protocol"], "echo");
        check("bits", $facts["cipher_bits"] >= 128, true);
        $seen = stream_context_get_params($stream)["options"]["ssl"];
        check("subject", openssl_x509_parse($seen["peer_certificate"])["subject"], ["CN" => "localhost"]);
        check("chain", count($seen["peer_certificate_chain"]), 2);
        $sent = file_get_contents(DATA . "/10m.bin");
        for ($at = 0; $at < strlen($sent); ) {
            $at += fwrite($stream, substr($sent, $at, 1 << 20)) ?: fail("cannot write");
        }
        check("bulk", stream_get_contents($stream) === $sent, true);
        check("end", feof($stream), true);
        fclose($stream);
    }
    foreach (["alpha.test", "localhost"] as $name) {
        $stream = connected($port, ["peer_name" => $name]) ?: fail("no connection to $name");
        check("line", fgets($stream), "hello $name\n");
        fclose($stream);
    }
    $context = stream_context_create(["ssl" => ["cafile" => PKI . "/root.pem"]]);
    check("page", file_get_contents("https://localhost:$port/", false, $context), "body of the page");
}

main();
