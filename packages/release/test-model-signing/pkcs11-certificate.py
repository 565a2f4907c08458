# The reference's command line, with two calls of it mended: `sign pkcs11-certificate` of version 1.1.1 gives its models a certificate as DER and no list of log entries, where they
# want base64 and a list, as its `sign certificate` gives them.
import base64
from types import SimpleNamespace

from model_signing import _cli
from model_signing._signing import sign_pkcs11

common, bundle = sign_pkcs11.common_pb, sign_pkcs11.bundle_pb


def with_changed(module, **changed):
    return SimpleNamespace(**{**vars(module), **changed})


def certificate(raw_bytes):
    return common.X509Certificate(raw_bytes=base64.b64encode(raw_bytes))


def material(**given):
    return bundle.VerificationMaterial(**{'tlog_entries': [], **given})


sign_pkcs11.common_pb = with_changed(common, X509Certificate=certificate)
sign_pkcs11.bundle_pb = with_changed(bundle, VerificationMaterial=material)
_cli.main()
