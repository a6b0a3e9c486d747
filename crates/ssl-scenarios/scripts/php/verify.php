<?php
// What is refused, and in which words.
require "common.php";

function server($listener) {
    foreach (["rsa", "rsa", "expired", "wrong-host"] as $name) {
        // The client turns away, unless it takes the fingerprint for enough.
        $stream = accepted($listener, ["local_cert" => PKI . "/$name.pem", "local_pk" => PKI . "/$name.key"]);
        $stream && fgets($stream);
    }
    $GLOBALS["warnings"] = [];
    $demand = ["verify_peer" => true, "verify_peer_name" => false, "cafile" => PKI . "/root.pem", "verify_depth" => 3];
    foreach ([STREAM_CRYPTO_METHOD_TLSv1_2_SERVER, STREAM_CRYPTO_METHOD_TLSv1_3_SERVER] as $method) {
        $stream = accepted($listener, $demand + ["capture_peer_cert" => true], $method) ?: fail("no handshake");
        $certificate = stream_context_get_params($stream)["options"]["ssl"]["peer_certificate"];
        check("subject", openssl_x509_parse($certificate)["subject"], ["CN" => "client"]);
        fwrite($stream, "welcome\n");
        fclose($stream);
        refused(accepted($listener, $demand, $method), "certificate verify failed");
    }
    $wrong = ["local_cert" => PKI . "/rsa.pem", "local_pk" => PKI . "/client-rsa.key"];
    refused(accepted($listener, $wrong), "Unable to set private key file");
    // PHP says nothing of the reason.
    refused(accepted($listener, ["ciphers" => "NOPE"]), "");
    $locked = ["local_cert" => PKI . "/rsa.pem", "local_pk" => PKI . "/rsa-locked.key"];
    refused(accepted($listener, $locked + ["passphrase" => "wrong"]), "Unable to set private key file");
    $stream = accepted($listener, $locked + ["passphrase" => "secret"]) ?: fail("no handshake");
    fwrite($stream, "welcome\n");
    fclose($stream);
}

function client($port) {
    refused(connected($port, ["cafile" => PKI . "/stranger.pem"]), "certificate verify failed");
    $print = openssl_x509_fingerprint("file://" . PKI . "/rsa-leaf.pem", "sha256");
    $stream = connected($port, ["peer_fingerprint" => ["sha256" => $print]]) ?: fail("no connection");
    fwrite($stream, "\n");
    fclose($stream);
    refused(connected($port), "certificate verify failed");
    refused(connected($port), "did not match expected name `localhost'");
    foreach ([1, 2] as $version) {
        $own = ["local_cert" => PKI . "/client.pem", "local_pk" => PKI . "/client.key"];
        $stream = connected($port, $own) ?: fail("no connection");
        check("line", fgets($stream), "welcome\n");
        fclose($stream);
        $strange = ["local_cert" => PKI . "/strange-client.pem", "local_pk" => PKI . "/strange-client.key"];
        $stream = connected($port, $strange);
        check("nothing", $stream ? fgets($stream) : false, false);
    }
    foreach (["key", "ciphers", "phrase"] as $mistake) {
        check("nothing", connected($port), false);
    }
    $stream = connected($port) ?: fail("no connection");
    check("line", fgets($stream), "welcome\n");
}

main();
