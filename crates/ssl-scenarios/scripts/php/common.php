<?php
// What the scripts share: contexts with the certificates of the run, and the choice between the two roles.
error_reporting(E_ALL);
$GLOBALS["warnings"] = [];
set_error_handler(function ($level, $text) {
    $GLOBALS["warnings"][] = $text;
    return true;
});
define("PKI", getenv("PKI"));
define("DATA", getenv("DATA"));
const VERSIONS = ["TLSv1.2" => STREAM_CRYPTO_METHOD_TLSv1_2_SERVER, "TLSv1.3" => STREAM_CRYPTO_METHOD_TLSv1_3_SERVER];

function check($what, $found, $expected) {
    if ($found !== $expected) {
        fail("$what: " . var_export($found, true) . " instead of " . var_export($expected, true));
    }
}

function fail($text) {
    fwrite(STDERR, $text . "\n" . implode("\n", $GLOBALS["warnings"]) . "\n");
    exit(1);
}

/** The call returned false, and a warning has these words. */
function refused($result, $words) {
    $said = implode("\n", $GLOBALS["warnings"]);
    $GLOBALS["warnings"] = [];
    if ($result !== false) {
        fail("not refused");
    }
    if (strpos($said, $words) === false) {
        fail("it did not say: $words\nbut: $said");
    }
}

function listener($port) {
    $listener = stream_socket_server("tcp://127.0.0.1:$port", $code, $text, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN);
    return $listener ?: fail("cannot listen: $text");
}

/** A client that was accepted, with TLS started; false if the handshake failed. */
function accepted($listener, $options = [], $method = STREAM_CRYPTO_METHOD_TLS_SERVER) {
    $stream = stream_socket_accept($listener, 60) ?: fail("nobody came");
    // The context is the listener's: what is set for one client is there for the next.
    $own = ["local_cert" => PKI . "/rsa.pem", "local_pk" => PKI . "/rsa.key", "ciphers" => "DEFAULT", "verify_peer" => false];
    stream_context_set_option($stream, ["ssl" => $options + $own]);
    return stream_socket_enable_crypto($stream, true, $method) === true ? $stream : false;
}

function connected($port, $options = []) {
    $context = stream_context_create(["ssl" => $options + ["cafile" => PKI . "/root.pem", "peer_name" => "localhost"]]);
    return stream_socket_client("tls://127.0.0.1:$port", $code, $text, 60, STREAM_CLIENT_CONNECT, $context);
}

function main() {
    [, $role, $port] = $GLOBALS["argv"];
    $role === "server" ? server(listener($port)) : client($port);
    echo "done\n";
}
