internal import CCurl
import Glibc
import SealpostCore

extension TransferSlot {
  /// What went wrong, nil where the status tells: an answer whose head was read whole is judged by its
  /// status, unless its body was more than is read.
  func failure(_ code: CURLcode) -> AttemptReason? {
    if isHeadComplete {
      let isTold = (200...299).contains(status) || status == 410
      return isBodyTooLarge && !isTold ? .responseTooLarge : nil
    }
    if wasDenied && !wasDialed { return .blockedAddress }
    if isHeadTooLarge { return .responseHeadersTooLarge }
    if context.pointee.isProxied, !hasBegun, let reason = proxyFailure(code) { return reason }
    switch code {
    case CURLE_OK: return .badResponse
    case CURLE_COULDNT_RESOLVE_HOST: return .dnsNotFound
    case CURLE_COULDNT_CONNECT:
      return systemError == ECONNREFUSED ? .connectRefused : .connectFailed
    case CURLE_OPERATION_TIMEDOUT: return timeout
    case CURLE_SSL_CONNECT_ERROR: return wantsCertificate ? .tlsClientCertificate : .tlsFailed
    case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT: return .tlsClientCertificate
    case CURLE_PEER_FAILED_VERIFICATION: return certificateFailure
    case CURLE_GOT_NOTHING: return .emptyResponse
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM:
      return wantsCertificate ? .tlsClientCertificate : .connectionReset
    // A header line over 100 KB ends as "out of memory", which it is not.
    case CURLE_OUT_OF_MEMORY: return .responseHeadersTooLarge
    case CURLE_UNSUPPORTED_PROTOCOL where isUnencryptedAndForbidden: return .httpsRequired
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2,
      CURLE_BAD_CONTENT_ENCODING,
      CURLE_WRITE_ERROR:
      return .badResponse
    default: return .internalError
    }
  }

  private var isUnencryptedAndForbidden: Bool {
    context.pointee.egress.isHTTPSOnly && target?.isSecure == false
  }

  /// Which part of the request was under way when its time was up.
  private var timeout: AttemptReason {
    if hasBegun { return .responseTimeout }
    return target?.hasName == true && !wasDialed && timings.dns == 0
      ? .resolverSlow : .connectTimeout
  }

  /// What the proxy did to a request that it did not let through; nil where it did, or time ran out.
  private func proxyFailure(_ code: CURLcode) -> AttemptReason? {
    switch code {
    case CURLE_OPERATION_TIMEDOUT, CURLE_UNSUPPORTED_PROTOCOL: return nil
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: return .proxyFailed
    case CURLE_PROXY:
      let error = UInt32(long(CURLINFO_PROXY_ERROR))
      let isReply =
        (CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED.rawValue...CURLPX_REPLY_UNASSIGNED.rawValue)
        .contains(error)
      return isReply ? .proxyRefused : .proxyFailed
    default:
      guard context.pointee.settings.proxy?.kind != .socks5h else { return nil }
      switch long(CURLINFO_HTTP_CONNECTCODE) {
      case 0: return .proxyFailed
      case 200...299: return nil
      default: return .proxyRefused
      }
    }
  }

  /// Whether the receiver told in a TLS alert that it wants a client certificate, or another one (RFC 8446,
  /// section 6.2). With TLS 1.3 it says so only after the handshake. libcurl has it in words alone, OpenSSL's.
  private var wantsCertificate: Bool {
    Self.certificateAlerts.contains { strstr(errorText, $0) != nil }
  }

  private static let certificateAlerts = [
    "alert certificate required", "alert bad certificate", "alert unsupported certificate",
    "alert certificate revoked", "alert certificate expired", "alert certificate unknown",
    "alert unknown ca",
  ]

  /// What OpenSSL found wrong with the certificate (X509_STORE_CTX_get_error(3)).
  private var certificateFailure: AttemptReason {
    switch long(CURLINFO_SSL_VERIFYRESULT) {
    case 10: .tlsExpired
    // libcurl checks the name itself, before it notes what OpenSSL found: 1 is what it begins with. It also
    // ends here when the receiver finds our certificate expired.
    case 0, 1, 62:
      target?.clientCertificate != nil && !namesHost ? .tlsClientCertificate : .tlsWrongHost
    default: .tlsUntrusted
    }
  }

  /// Whether libcurl speaks of the host's name.
  private var namesHost: Bool { strstr(errorText, "name") != nil }

  private var systemError: Int32 { Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)) }
}
