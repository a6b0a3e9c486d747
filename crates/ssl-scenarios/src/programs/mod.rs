//! The scenarios, one file a program or a family of programs. Each file lists what it has in `SCENARIOS`.

mod apache;
mod bindings;
mod clients;
mod curl;
mod dns;
mod dovecot;
mod haproxy;
mod lighttpd;
mod mosquitto;
mod networks;
mod nginx;
mod peers;
mod perl;
mod php;
mod postfix;
mod postgresql;
mod proxies;
mod python;
mod redis;
mod ruby;
mod s_client;
mod s_server;
mod scripts;
mod services;
pub(crate) mod site;
mod socat;
mod stunnel;

use crate::scenario::Scenario;

/// All scenarios, in the order in which they are reported.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        s_client::SCENARIOS,
        s_server::SCENARIOS,
        curl::SCENARIOS,
        nginx::SCENARIOS,
        haproxy::SCENARIOS,
        apache::SCENARIOS,
        lighttpd::SCENARIOS,
        stunnel::SCENARIOS,
        proxies::SCENARIOS,
        redis::SCENARIOS,
        postgresql::SCENARIOS,
        python::SCENARIOS,
        ruby::SCENARIOS,
        perl::SCENARIOS,
        php::SCENARIOS,
        bindings::SCENARIOS,
        dovecot::SCENARIOS,
        postfix::SCENARIOS,
        mosquitto::SCENARIOS,
        dns::SCENARIOS,
        socat::SCENARIOS,
        clients::SCENARIOS,
        networks::SCENARIOS,
        services::SCENARIOS,
    ]
    .into_iter()
    .flatten()
}
