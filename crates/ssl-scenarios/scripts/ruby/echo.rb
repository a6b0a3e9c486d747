# Facts of a connection, a megabyte both ways, protocols, names, sessions.
require_relative "common"

BULK = File.binread("#{DATA}/1m.bin")

def facts(stream, version)
  check("version", stream.ssl_version, version)
  name, protocol, bits, = stream.cipher
  check("cipher", protocol, version)
  check("bits", bits, 128..256)
  check("cipher name", name, /GCM/)
  check("protocol", stream.alpn_protocol, "echo")
  check("state", stream.state, /SSLOK/)
end

def bulk(stream)
  sender = Thread.new { stream.write(BULK) }
  check("bulk", stream.read(BULK.size) == BULK, true)
  sender.join
end

def server(listener)
  seen = nil
  alpha = server_context(nil, "alpha")
  VERSIONS.each_key do |version|
    context = server_context(version)
    context.alpn_select_cb = ->(offered) { (offered & ["echo"]).first }
    context.servername_cb = ->((_, name)) { seen = name; name == "alpha.test" ? alpha : nil }
    context.session_id_context = "scenario"
    context.session_cache_mode = OpenSSL::SSL::SSLContext::SESSION_CACHE_SERVER
    [false, true].each do |reused|
      stream = accept(listener, context)
      facts(stream, version)
      check("name", seen, "localhost")
      check("reused", stream.session_reused?, reused)
      bulk(stream)
      stream.close
    end
    stream = accept(listener, context)
    check("name", seen, "alpha.test")
    stream.puts "hello"
    stream.close
  end
end

def client(address)
  VERSIONS.each_key do |version|
    context = client_context(version)
    context.alpn_protocols = ["nope", "echo"]
    session = nil
    context.session_cache_mode = OpenSSL::SSL::SSLContext::SESSION_CACHE_CLIENT
    context.session_new_cb = ->((_, fresh)) { session = fresh }
    stream = connect(address, context)
    facts(stream, version)
    check("subject", stream.peer_cert.subject.to_s, "/CN=localhost")
    check("chain", stream.peer_cert_chain.size, 2)
    check("verify result", stream.verify_result, OpenSSL::X509::V_OK)
    check("ephemeral key", stream.tmp_key, OpenSSL::PKey::PKey)
    bulk(stream)
    check("end", stream.read, "")
    stream.close
    check("session", session, OpenSSL::SSL::Session)

    again = OpenSSL::SSL::SSLSocket.new(TCPSocket.new(*address), context)
    again.sync_close = true
    again.hostname = "localhost"
    again.session = session
    again.connect
    check("reused", again.session_reused?, true)
    bulk(again)
    again.close

    named = connect(address, context, "alpha.test")
    check("subject", named.peer_cert.subject.to_s, "/CN=alpha.test")
    check("line", named.gets, "hello\n")
    named.close
  end
end

main
