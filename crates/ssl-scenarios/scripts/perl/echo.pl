# Facts of a connection, a megabyte each way, protocols, names, sessions, and STARTTLS.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use common;
use IO::Socket::SSL;
use Net::SSLeay;

my $bulk = slurp("$DATA/1m.bin");

sub facts {
    my ($stream, $version) = @_;
    check('version', $stream->get_sslversion, $version);
    check('cipher', $stream->get_cipher, qr/GCM/);
    check('protocol', $stream->alpn_selected, 'echo');
}

sub server {
    my ($listener) = @_;
    for my $version (sort keys %VERSIONS) {
        my $context = IO::Socket::SSL::SSL_Context->new(
            SSL_server => 1, SSL_version => $VERSIONS{$version}, SSL_alpn_protocols => ['echo', 'h2'],
            SSL_cert_file => { '' => "$PKI/rsa.pem", 'alpha.test' => "$PKI/alpha.pem" },
            SSL_key_file => { '' => "$PKI/rsa.key", 'alpha.test' => "$PKI/alpha.key" },
            SSL_session_id_context => 'scenario');
        for my $turn (1 .. 3) {
            my $stream = accepted($listener, SSL_reuse_ctx => $context) or die "$SSL_ERROR\n";
            facts($stream, $version);
            check('resumed', Net::SSLeay::session_reused($stream->_get_ssl_object), $turn == 2 ? 1 : 0);
            check('name', $stream->get_servername, $turn == 3 ? 'alpha.test' : 'localhost');
            # The client has to have read the ticket before it closes.
            print $stream "ready\n";
            my $received = '';
            while (length $received < length $bulk) {
                $stream->sysread($received, 65536, length $received) or die "too short: $SSL_ERROR\n";
            }
            check('bulk', $received eq $bulk, 1);
            print $stream $received;
            check('end', $stream->sysread($received, 1), 0);
            $stream->close;
        }
    }
    my $raw = $listener->accept;
    check('line', scalar <$raw>, "STARTTLS\n");
    print $raw "go ahead\n";
    $raw->flush;
    my $stream = IO::Socket::SSL->start_SSL($raw, SSL_server => 1, SSL_cert_file => "$PKI/ecdsa.pem",
        SSL_key_file => "$PKI/ecdsa.key") or die "$SSL_ERROR\n";
    check('secret', scalar <$stream>, "secret\n");
    $stream->stop_SSL or die "cannot stop: $SSL_ERROR\n";
    print $raw "plain again\n";
}

sub client {
    my ($port) = @_;
    for my $version (sort keys %VERSIONS) {
        # One context: a context that is freed takes its sessions out of the cache.
        my $context = IO::Socket::SSL::SSL_Context->new(
            SSL_version => $VERSIONS{$version}, SSL_alpn_protocols => ['nope', 'echo'], SSL_ca_file => "$PKI/root.pem",
            SSL_session_cache => IO::Socket::SSL::Session_Cache->new(10));
        for my $turn (1 .. 3) {
            my $name = $turn == 3 ? 'alpha.test' : 'localhost';
            my $stream = connected($port, SSL_reuse_ctx => $context, SSL_hostname => $name, SSL_verifycn_name => $name,
                SSL_session_key => $name) or die "$SSL_ERROR\n";
            facts($stream, $version);
            check('name', $stream->peer_certificate('commonName'), $name);
            check('subject', $stream->dump_peer_certificate, qr/CN=\Q$name\E/);
            check('line', scalar <$stream>, "ready\n");
            print $stream $bulk;
            my $received = '';
            while (length $received < length $bulk) {
                $stream->sysread($received, 65536, length $received) or die "too short: $SSL_ERROR\n";
            }
            check('bulk', $received eq $bulk, 1);
            $stream->close;
        }
    }
    my $raw = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
    print $raw "STARTTLS\n";
    $raw->flush;
    check('line', scalar <$raw>, "go ahead\n");
    my $stream = IO::Socket::SSL->start_SSL($raw, SSL_ca_path => "$PKI/ca", SSL_verifycn_name => 'localhost',
        SSL_verifycn_scheme => 'http') or die "$SSL_ERROR\n";
    print $stream "secret\n";
    $stream->stop_SSL or die "cannot stop: $SSL_ERROR\n";
    check('plain', scalar <$raw>, "plain again\n");
}

main(\&server, \&client);
