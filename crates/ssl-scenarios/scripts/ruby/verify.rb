# What is refused, and in which words.
require_relative "common"

def server(listener)
  VERSIONS.each_key do |version|
    ["rsa", "expired", "wrong-host"].each do |name|
      begin
        accept(listener, server_context(version, name)).gets
      rescue OpenSSL::SSL::SSLError, SystemCallError
        # The client turned away.
      end
    end
    context = server_context(version)
    context.ca_file = "#{PKI}/root.pem"
    context.verify_mode = OpenSSL::SSL::VERIFY_PEER | OpenSSL::SSL::VERIFY_FAIL_IF_NO_PEER_CERT
    stream = accept(listener, context)
    check("subject", stream.peer_cert.subject.to_s, "/CN=client")
    stream.puts "welcome"
    stream.close
    refused(/peer did not return a certificate/) { accept(listener, context) }
    refused(/certificate verify failed \(unable to get local issuer certificate\)/) { accept(listener, context) }
  end
end

def client(address)
  VERSIONS.each_key do |version|
    refused(/certificate verify failed \(unable to get local issuer certificate\)/) do
      connect(address, client_context(version, "stranger"))
    end
    refused(/certificate verify failed \(certificate has expired\)/) { connect(address, client_context(version)) }
    refused(/hostname "localhost" does not match the server certificate|hostname mismatch/) do
      connect(address, client_context(version))
    end

    context = client_context(version)
    leaf, *above = chain("client")
    context.add_certificate(leaf, key("client"), above)
    stream = connect(address, context)
    check("line", stream.gets, "welcome\n")
    stream.close

    alert = version == "TLSv1.2" ? /alert handshake failure/ : /alert certificate required/
    refused(alert) { connect(address, client_context(version)).gets }
    context = client_context(version)
    context.add_certificate(*chain("strange-client"), key("strange-client"))
    refused(/alert unknown ca/) { connect(address, context).gets }
  end
end

main
