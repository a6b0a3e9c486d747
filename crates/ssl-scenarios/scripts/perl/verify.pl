# What is refused, and in which words.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use common;
use IO::Socket::SSL;

sub server {
    my ($listener) = @_;
    for my $version (sort keys %VERSIONS) {
        my @version = (SSL_version => $VERSIONS{$version});
        for my $name ('rsa', 'expired', 'wrong-host') {
            # The client turns away.
            my $stream = accepted($listener, @version, SSL_cert_file => "$PKI/$name.pem", SSL_key_file => "$PKI/$name.key");
            $stream->sysread(my $nothing, 1) if $stream;
        }
        my @demand = (@version, SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
            SSL_ca_file => "$PKI/root.pem", SSL_check_crl => 1, SSL_crl_file => "$PKI/crls.pem");
        my $stream = accepted($listener, @demand) or die "$SSL_ERROR\n";
        check('name', $stream->peer_certificate('commonName'), 'client');
        print $stream "welcome\n";
        $stream->close;
        refused(scalar accepted($listener, @demand), qr/peer did not return a certificate/);
        refused(scalar accepted($listener, @demand), qr/certificate verify failed/);
        refused(scalar accepted($listener, @demand), qr/certificate verify failed/);
    }
}

sub client {
    my ($port) = @_;
    for my $version (sort keys %VERSIONS) {
        my @version = (SSL_version => $VERSIONS{$version});
        refused(scalar connected($port, @version, SSL_ca_file => "$PKI/stranger.pem"), qr/certificate verify failed/);
        refused(scalar connected($port, @version), qr/certificate verify failed/);
        refused(scalar connected($port, @version), qr/hostname verification failed/);

        my $stream = connected($port, @version, SSL_cert_file => "$PKI/client.pem", SSL_key_file => "$PKI/client.key")
            or die "$SSL_ERROR\n";
        check('line', scalar <$stream>, "welcome\n");
        $stream->close;
        shut_out($port, @version);
        for my $name ('strange-client', 'revoked') {
            shut_out($port, @version, SSL_cert_file => "$PKI/$name.pem", SSL_key_file => "$PKI/$name.key");
        }
    }
    for my $mismatch (['rsa', 'client-rsa'], ['ecdsa', 'alpha']) {
        my ($certificate, $key) = @$mismatch;
        my $context = IO::Socket::SSL::SSL_Context->new(SSL_server => 1, SSL_cert_file => "$PKI/$certificate.pem",
            SSL_key_file => "$PKI/$key.key");
        refused($context, qr/key values mismatch|Failed to (?:load|use) (?:key|certificate)/i);
    }
    my %locked = (SSL_server => 1, SSL_cert_file => "$PKI/rsa.pem", SSL_key_file => "$PKI/rsa-locked.key");
    IO::Socket::SSL::SSL_Context->new(%locked, SSL_passwd_cb => sub { 'secret' }) or die "$SSL_ERROR\n";
    refused(scalar IO::Socket::SSL::SSL_Context->new(%locked, SSL_passwd_cb => sub { 'wrong' }), qr/./);
    refused(scalar IO::Socket::SSL::SSL_Context->new(SSL_cipher_list => 'NOPE'), qr/cipher list/);
}

sub shut_out {
    my ($port, @options) = @_;
    my $stream = connected($port, @options) or return;
    # With TLS 1.3 the client learns it from its first read.
    my $line = <$stream>;
    die "served: $line\n" if defined $line;
}

main(\&server, \&client);
