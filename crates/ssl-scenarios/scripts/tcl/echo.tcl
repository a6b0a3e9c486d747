# tcltls: channels over TLS, a megabyte each way, facts, verification, client certificates.
package require tls
set pki $env(PKI)
set data $env(DATA)
lassign $argv role port
set versions {-tls1.2 TLSv1.2 -tls1.3 TLSv1.3}

set file [open $data/1m.bin rb]
set bulk [read $file]
close $file

proc check {what found expected} {
    if {$found ne $expected} {
        puts stderr "$what: [string range $found 0 200] instead of [string range $expected 0 200]"
        exit 1
    }
}

proc only {option} {
    set options {-tls1 0 -tls1.1 0 -tls1.2 0 -tls1.3 0}
    dict set options $option 1
    return $options
}

proc accepted {channel host port} {
    global waiting
    lappend waiting $channel
}

proc next {} {
    global waiting
    while {![llength $waiting]} { vwait waiting }
    set waiting [lassign $waiting channel]
    return $channel
}

proc serve {channel options} {
    global pki
    tls::import $channel -server 1 -certfile $pki/rsa.pem -keyfile $pki/rsa.key -cafile $pki/chain.pem {*}$options
    fconfigure $channel -blocking 1 -translation binary
    return [catch {tls::handshake $channel}]
}

proc server {} {
    global port waiting versions bulk
    set waiting {}
    socket -server accepted -myaddr 127.0.0.1 $port
    foreach {option name} $versions {
        set channel [next]
        check handshake [serve $channel [only $option]] 0
        check version [dict get [tls::status $channel] version] $name
        set received [read $channel [string length $bulk]]
        check bulk $received $bulk
        puts -nonewline $channel $received
        close $channel
        set demand [concat [only $option] {-request 1 -require 1}]
        set channel [next]
        check handshake [serve $channel $demand] 0
        check subject [dict get [tls::status $channel] subject] CN=client
        puts $channel welcome
        close $channel
        foreach turn {1 2} {
            set channel [next]
            check refused [serve $channel $demand] 1
            catch {close $channel}
        }
        set channel [next]
        serve $channel [only $option]
        catch {read $channel 1}
        catch {close $channel}
    }
}

proc connected {options} {
    global port pki
    set channel [socket 127.0.0.1 $port]
    tls::import $channel -require 1 -cafile $pki/root.pem -servername localhost {*}$options
    fconfigure $channel -blocking 1 -translation binary
    return $channel
}

proc client {} {
    global versions bulk pki
    foreach {option name} $versions {
        set channel [connected [only $option]]
        tls::handshake $channel
        set status [tls::status $channel]
        check version [dict get $status version] $name
        check subject [dict get $status subject] CN=localhost
        puts -nonewline $channel $bulk
        flush $channel
        check bulk [read $channel [string length $bulk]] $bulk
        close $channel
        set channel [connected [concat [only $option] -certfile $pki/client.pem -keyfile $pki/client.key]]
        tls::handshake $channel
        check line [gets $channel] welcome
        close $channel
        foreach own [list {} [list -certfile $pki/strange-client.pem -keyfile $pki/strange-client.key]] {
            set channel [connected [concat [only $option] $own]]
            catch {tls::handshake $channel}
            set line {}
            catch {gets $channel line}
            check served $line {}
            catch {close $channel}
        }
        set channel [connected [concat [only $option] -cafile $pki/stranger.pem]]
        check refused [catch {tls::handshake $channel}] 1
        catch {close $channel}
    }
}

$role
puts done
