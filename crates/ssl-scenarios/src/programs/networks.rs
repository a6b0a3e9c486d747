//! TLS that carries something else than a stream of the application: OpenVPN's control channel, and EAP in RADIUS
//! (hostapd as the server, eapol_test as the client).

use anyhow::Result;

use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::Stage;
use crate::tool::Running;

const OPENVPN: Program = Program {
    name: "OpenVPN",
    file: "openvpn",
};

const HOSTAPD: Program = Program {
    name: "hostapd (EAP)",
    file: "hostapd",
};

const EAPOL_TEST: Program = Program {
    name: "eapol_test (EAP)",
    file: "eapol_test",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(OPENVPN, "tunnel", openvpn_tunnel),
    Scenario::new(OPENVPN, "refuses", openvpn_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::ClientOfAStranger,
        Lesson::KeyMismatch,
    ]),
    Scenario::new(HOSTAPD, "methods", |stage| eap_methods(stage, true)),
    Scenario::new(HOSTAPD, "refuses", |stage| eap_refuses(stage, true))
        .holds(&[Lesson::ClientOfAStranger]),
    Scenario::new(EAPOL_TEST, "methods", |stage| eap_methods(stage, false)),
    Scenario::new(EAPOL_TEST, "refuses", |stage| eap_refuses(stage, false)).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
];

/// One end of a tunnel without a network device.
fn openvpn(
    stage: &Stage,
    ours: bool,
    side: &str,
    port: u16,
    certificate: &str,
    more: &str,
) -> Result<Running> {
    let pki = stage.pki();
    let role = match side {
        "server" => {
            format!("--tls-server --dh none --proto tcp-server --lport {port} --local 127.0.0.1")
        }
        _ => format!(
            "--tls-client --proto tcp-client --remote 127.0.0.1 {port} --nobind --connect-retry-max 1"
        ),
    };
    let trust = if more.contains("--ca ") {
        ""
    } else {
        &format!("--ca {pki}/chain.pem")
    };
    let line = format!(
        "--dev null --verb 4 {role} --cert {pki}/{certificate}.pem --key {pki}/{certificate}.key {trust} --tls-exit \
         --reneg-sec 0 --auth SHA256 --data-ciphers AES-256-GCM --data-ciphers-fallback AES-256-GCM {more}"
    );
    stage.under_test_if(ours, "openvpn")?.words(&line).start()
}

fn openvpn_tunnel(stage: &Stage) -> Result<()> {
    for (ours, options, said) in [
        (true, "", "Control Channel: TLSv1.3"),
        (false, "", "Control Channel: TLSv1.3"),
        (
            true,
            "--tls-version-max 1.2 --tls-cipher TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
            "Control Channel: TLSv1.2",
        ),
        (false, "--tls-version-max 1.2", "Control Channel: TLSv1.2"),
    ] {
        let [port] = ports::free();
        let server = openvpn(stage, ours, "server", port, "ecdsa", options)?;
        server.wait_for("Listening for incoming TCP connection")?;
        let client = openvpn(
            stage,
            !ours,
            "client",
            port,
            "client",
            "--verify-x509-name localhost name",
        )?;
        for end in [&server, &client] {
            end.wait_for(said)?;
            end.wait_for("Initialization Sequence Completed")?;
        }
        client.stop()?;
        server.stop()?;
    }
    Ok(())
}

fn openvpn_refuses(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for (ours, server, client, options, reason) in [
        (true, "ecdsa", "strange-client", "", "VERIFY ERROR"),
        (
            false,
            "ecdsa",
            "client",
            &*format!("--ca {pki}/stranger.pem"),
            "VERIFY ERROR",
        ),
        (
            false,
            "ecdsa",
            "client",
            "--verify-x509-name elsewhere.test name",
            "VERIFY X509NAME ERROR",
        ),
    ] {
        let [port] = ports::free();
        let server = openvpn(stage, ours, "server", port, server, "")?;
        server.wait_for("Listening for incoming TCP connection")?;
        let client = openvpn(stage, !ours, "client", port, client, options)?;
        let (refuses, other) = if ours {
            (&server, &client)
        } else {
            (&client, &server)
        };
        refuses.wait_for(reason)?;
        refuses
            .finish()?
            .prints_no("Initialization Sequence Completed")?;
        other.stop()?;
    }
    let line = format!(
        "--dev null --tls-server --dh none --ca {pki}/chain.pem --cert {pki}/rsa.pem --key {pki}/client-rsa.key"
    );
    let finished = stage.under_test("openvpn")?.words(&line).run()?;
    finished.failure()?.prints("key values mismatch")?;
    Ok(())
}

/// hostapd as a RADIUS server alone.
fn hostapd(stage: &Stage, ours: bool, certificate: &str) -> Result<(Running, u16)> {
    let [port] = ports::free();
    let (pki, dir) = (stage.pki(), stage.dir());
    stage.write("clients", "127.0.0.1 secret\n")?;
    stage.write(
        "users",
        "\"tls\" TLS\n\"tunnel\" PEAP,TTLS\n\"user\" MSCHAPV2,TTLS-MSCHAPV2 \"password\" [2]\n",
    )?;
    let text = format!(
        "driver=none\ninterface=none\neap_server=1\neap_user_file={dir}/users\nradius_server_clients={dir}/clients\n\
         radius_server_auth_port={port}\nca_cert={pki}/chain.pem\nserver_cert={pki}/{certificate}.pem\n\
         private_key={pki}/{certificate}.key\nlogger_stdout=-1\nlogger_stdout_level=0\ntls_session_lifetime=60\n"
    );
    let file = stage.write("hostapd.conf", &text)?;
    let server = stage
        .under_test_if(ours, "hostapd")?
        .words("-d -t")
        .arg(file)
        .start()?;
    server.wait_for("AP-ENABLED")?;
    Ok((server, port))
}

/// One authentication; the text is the network block of a wpa_supplicant.
fn eapol_test(
    stage: &Stage,
    ours: bool,
    port: u16,
    network: &str,
    options: &str,
) -> Result<crate::tool::Finished> {
    let file = stage.new_file("network", "conf");
    std::fs::write(
        &file,
        format!("network={{\nkey_mgmt=IEEE8021X\neapol_flags=0\n{network}\n}}\n"),
    )?;
    let line = format!("-a 127.0.0.1 -p {port} -s secret -t 30 {options} -c");
    stage
        .under_test_if(ours, "eapol_test")?
        .words(&line)
        .arg(file)
        .run()
}

fn with_certificate(stage: &Stage, own: &str, authority: &str, more: &str) -> String {
    let pki = stage.pki();
    format!(
        "eap=TLS\nidentity=\"tls\"\nca_cert=\"{pki}/{authority}.pem\"\nclient_cert=\"{pki}/{own}.pem\"\n\
         private_key=\"{pki}/{own}.key\"\n{more}"
    )
}

fn eap_methods(stage: &Stage, ours: bool) -> Result<()> {
    let (server, port) = hostapd(stage, ours, "rsa")?;
    let pki = stage.pki();
    let inner = |method: &str, phase2: &str, more: &str| {
        format!(
            "eap={method}\nidentity=\"user\"\nanonymous_identity=\"tunnel\"\npassword=\"password\"\nca_cert=\"{pki}/root.pem\"\n\
             phase2=\"{phase2}\"\ndomain_match=\"localhost\"\n{more}"
        )
    };
    let new = "phase1=\"tls_disable_tlsv1_3=0\"";
    for network in [
        with_certificate(stage, "client", "root", "domain_match=\"localhost\""),
        with_certificate(stage, "client-rsa", "root", "fragment_size=400"),
        inner("PEAP", "auth=MSCHAPV2", ""),
        inner("TTLS", "auth=MSCHAPV2", ""),
    ] {
        // Again in the same run, so that the session resumes; both ends derive the same keys from it.
        eapol_test(stage, !ours, port, &network, "-r 1")?
            .success()?
            .prints("SUCCESS")?
            .prints_no("MPPE keys OK: 0  mismatch: 1")?;
    }
    let network = with_certificate(stage, "client", "root", new);
    eapol_test(stage, !ours, port, &network, "")?
        .success()?
        .prints("SUCCESS")?;
    server.stop()
}

fn eap_refuses(stage: &Stage, server_is_ours: bool) -> Result<()> {
    if server_is_ours {
        let (server, port) = hostapd(stage, true, "rsa")?;
        let network = with_certificate(stage, "strange-client", "root", "");
        eapol_test(stage, false, port, &network, "")?
            .failure()?
            .prints("FAILURE")?;
        return server.stop();
    }
    for (certificate, authority, more) in [
        ("rsa", "stranger", ""),
        ("rsa", "root", "domain_match=\"elsewhere.test\""),
        ("expired", "root", ""),
    ] {
        let (server, port) = hostapd(stage, false, certificate)?;
        let network = with_certificate(stage, "client", authority, more);
        eapol_test(stage, true, port, &network, "")?
            .failure()?
            .prints("FAILURE")?;
        server.stop()?;
    }
    Ok(())
}
