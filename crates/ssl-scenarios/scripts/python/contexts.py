"""What a context accepts and refuses, without a connection."""

import ssl

from common import *

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
error = refused(lambda: context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/client-rsa.key"))
assert error.reason == "KEY_VALUES_MISMATCH", error
error = refused(lambda: context.load_cert_chain(f"{PKI}/ecdsa.pem", f"{PKI}/alpha.key"))
assert error.reason == "KEY_VALUES_MISMATCH", error
error = refused(lambda: context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/dh.pem"))
error = refused(lambda: context.load_cert_chain(f"{PKI}/nothing.pem"), OSError)
assert isinstance(error, FileNotFoundError), error
context.load_cert_chain(f"{PKI}/rsa-both.pem")
context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/rsa-locked.key", password="secret")
asked = []
context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/rsa-locked.key", password=lambda: asked.append(1) or b"secret")
assert asked == [1]
refused(lambda: context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/rsa-locked.key", password="wrong"))

names = [cipher["name"] for cipher in context.get_ciphers()]
assert "TLS_AES_256_GCM_SHA384" in names and "ECDHE-RSA-AES128-GCM-SHA256" in names, names
context.set_ciphers("ECDHE+AESGCM:!ECDSA")
names = {cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] == "TLSv1.2"}
assert names == {"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"}, names
assert "No cipher can be selected" in str(refused(lambda: context.set_ciphers("NOPE")))

context.load_dh_params(f"{PKI}/dh.pem")
context.set_ecdh_curve("prime256v1")
refused(lambda: context.set_ecdh_curve("nope"), ValueError)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
assert context.cert_store_stats() == {"x509": 0, "crl": 0, "x509_ca": 0}
with open(f"{PKI}/root.pem") as file:
    context.load_verify_locations(cadata=file.read())
context.load_verify_locations(f"{PKI}/crls.pem")
context.load_verify_locations(capath=f"{PKI}/ca")
assert context.cert_store_stats() == {"x509": 1, "crl": 2, "x509_ca": 1}, context.cert_store_stats()
assert context.get_ca_certs()[0]["subject"] == ((("commonName", "Scenario Root"),),)
refused(lambda: context.load_verify_locations(f"{PKI}/dh.pem"))
refused(lambda: context.load_verify_locations(f"{PKI}/nothing.pem"), FileNotFoundError)

assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_X509_STRICT
assert context.verify_flags & ssl.VERIFY_CRL_CHECK_LEAF
assert context.options & ssl.OP_NO_SSLv3 and context.options & ssl.OP_NO_COMPRESSION
context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_TLSv1_3
assert context.options & ssl.OP_NO_TICKET
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.maximum_version = ssl.TLSVersion.TLSv1_3
assert (context.minimum_version, context.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
assert ssl.HAS_ALPN and ssl.HAS_SNI and ssl.HAS_TLSv1_2 and ssl.HAS_TLSv1_3
assert ssl.OPENSSL_VERSION_INFO[:2] == (3, 0), ssl.OPENSSL_VERSION_INFO
assert context.session_stats()["number"] == 0
print("done")
