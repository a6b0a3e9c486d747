# What the scripts share: contexts with the certificates of the run, and the choice between the two roles.
require "openssl"
require "socket"

PKI = ENV.fetch("PKI")
DATA = ENV.fetch("DATA")
VERSIONS = {"TLSv1.2" => OpenSSL::SSL::TLS1_2_VERSION, "TLSv1.3" => OpenSSL::SSL::TLS1_3_VERSION}

def chain(name)
  OpenSSL::X509::Certificate.load_file("#{PKI}/#{name}.pem")
end

def key(name)
  OpenSSL::PKey.read(File.read("#{PKI}/#{name}.key"))
end

def server_context(version = nil, name = "rsa")
  context = OpenSSL::SSL::SSLContext.new
  leaf, *above = chain(name)
  context.add_certificate(leaf, key(name), above)
  context.min_version = context.max_version = VERSIONS[version] if version
  context
end

def client_context(version = nil, authority = "root")
  context = OpenSSL::SSL::SSLContext.new
  context.set_params(ca_file: "#{PKI}/#{authority}.pem", verify_mode: OpenSSL::SSL::VERIFY_PEER)
  context.min_version = context.max_version = VERSIONS[version] if version
  context
end

def connect(address, context, name = "localhost")
  stream = OpenSSL::SSL::SSLSocket.new(TCPSocket.new(*address), context)
  stream.sync_close = true
  stream.hostname = name if name
  stream.connect
  stream.post_connection_check(name) if name && context.verify_mode == OpenSSL::SSL::VERIFY_PEER
  stream
end

def accept(listener, context)
  stream = OpenSSL::SSL::SSLSocket.new(listener.accept, context)
  stream.sync_close = true
  stream.accept
end

def check(what, found, expected)
  raise "#{what}: #{found.inspect} instead of #{expected.inspect}" unless expected === found
end

def refused(pattern)
  begin
    result = yield
  rescue OpenSSL::OpenSSLError => error
    check("refusal", error.message, pattern)
    return error
  end
  raise "not refused: #{result.inspect}"
end

def main
  role, port = ARGV
  if role == "server"
    server(TCPServer.new("127.0.0.1", port.to_i))
  else
    client(["127.0.0.1", port.to_i])
  end
  puts "done"
end
