# What the scripts share: the certificates of the run, and the choice between the two roles.
package common;
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use IO::Socket::SSL;

our @EXPORT = qw($PKI $DATA %VERSIONS check refused listener accepted connected main slurp);
our $PKI = $ENV{PKI};
our $DATA = $ENV{DATA};
our %VERSIONS = ("TLSv1_2" => "TLSv12:!TLSv13", "TLSv1_3" => "TLSv13");

$SIG{PIPE} = 'IGNORE';

sub check {
    my ($what, $found, $expected) = @_;
    $found = '(undefined)' unless defined $found;
    my $good = ref $expected eq 'Regexp' ? $found =~ $expected : $found eq $expected;
    die "$what: $found instead of $expected\n" unless $good;
}

sub refused {
    my ($result, $pattern) = @_;
    die "not refused\n" if $result;
    check('refusal', $SSL_ERROR, $pattern);
}

sub listener { my ($port) = @_;
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1)
        || die "cannot listen: $!\n";
}

sub accepted {
    my ($listener, %options) = @_;
    my $raw = $listener->accept or die "cannot accept: $!\n";
    return IO::Socket::SSL->start_SSL($raw, SSL_server => 1, SSL_cert_file => "$PKI/rsa.pem",
        SSL_key_file => "$PKI/rsa.key", %options);
}

sub connected {
    my ($port, %options) = @_;
    return IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $port, SSL_hostname => 'localhost',
        SSL_verifycn_name => 'localhost', SSL_verifycn_scheme => 'http', SSL_ca_file => "$PKI/root.pem", %options);
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$file>;
}

sub main {
    my ($server, $client) = @_;
    my ($role, $port) = @ARGV;
    $role eq 'server' ? $server->(listener($port)) : $client->($port);
    print "done\n";
}

1;
