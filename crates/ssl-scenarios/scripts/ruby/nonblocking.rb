# Calls that never block, and contexts that refuse.
require_relative "common"

BULK = File.binread("#{DATA}/1m.bin")

def repeat(stream)
  loop do
    case result = yield
    when :wait_readable then IO.select([stream.to_io])
    when :wait_writable then IO.select(nil, [stream.to_io])
    else return result
    end
  end
end

def small_buffers(socket)
  socket.setsockopt(:SOCKET, :SO_SNDBUF, 16_384)
  socket.setsockopt(:SOCKET, :SO_RCVBUF, 16_384)
  socket
end

def server(listener)
  VERSIONS.each_key do |version|
    context = server_context(version)
    stream = OpenSSL::SSL::SSLSocket.new(small_buffers(listener.accept), context)
    repeat(stream) { stream.accept_nonblock(exception: false) }
    at = blocked = 0
    while at < BULK.bytesize
      part = BULK.byteslice(at, 200_000)
      at += repeat(stream) do
        result = stream.write_nonblock(part, exception: false)
        blocked += 1 if result == :wait_writable
        result
      end
    end
    check("blocked writes", blocked, 1..)
    stream.close
  end
end

def client(address)
  VERSIONS.each_key do |version|
    context = client_context(version)
    stream = OpenSSL::SSL::SSLSocket.new(small_buffers(TCPSocket.new(*address)), context)
    stream.hostname = "localhost"
    repeat(stream) { stream.connect_nonblock(exception: false) }
    bytes = String.new(encoding: Encoding::BINARY)
    while bytes.bytesize < BULK.bytesize
      bytes << repeat(stream) { stream.read_nonblock([100_000, BULK.bytesize - bytes.bytesize].min, exception: false) }
    end
    check("bulk", bytes == BULK, true)
    stream.close
  end
  contexts
end

def contexts
  context = OpenSSL::SSL::SSLContext.new
  refused(/no cipher match/) { context.ciphers = "NOPE" }
  context.ciphers = "ECDHE+AESGCM:!ECDSA"
  names = context.ciphers.map(&:first)
  check("ciphers", names.include?("ECDHE-RSA-AES128-GCM-SHA256") && names.grep(/ECDSA/).empty?, true)
  leaf, = chain("rsa")
  ["client-rsa", "ecdsa"].each do |other|
    begin
      context.add_certificate(leaf, key(other))
      raise "the key of #{other} was taken"
    rescue ArgumentError => error
      check("refusal", error.message, /public key mismatch/)
    end
  end
  refused(/./) { context.ecdh_curves = "nope" }
  context.ecdh_curves = "P-256:X25519"
end

main
