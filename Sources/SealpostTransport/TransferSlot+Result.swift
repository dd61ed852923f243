internal import CCurl
import Glibc
import SealpostCore

extension TransferSlot {
  /// What came of the request that has ended with `code`.
  func result(_ code: CURLcode) -> AttemptResult {
    AttemptResult(
      status: isHeadComplete ? status : 0, failure: failure(code), timings: timings,
      remoteAddress: wasDenied && !wasDialed ? nil : remoteAddress,
      retryAfter: retryAfter.map { UnsafeRawBufferPointer(rebasing: headExcerpt.bytes[$0]) },
      responseHeaders: headExcerpt.bytes, responseBody: bodyExcerpt.bytes)
  }

  /// What went wrong, nil where the status tells: an answer whose head was read whole is judged by its
  /// status, unless its body was more than is read.
  private func failure(_ code: CURLcode) -> AttemptReason? {
    if isHeadComplete {
      let isTold = (200...299).contains(status) || status == 410
      return isBodyTooLarge && !isTold ? .responseTooLarge : nil
    }
    if wasDenied && !wasDialed { return .blockedAddress }
    if isHeadTooLarge { return .responseHeadersTooLarge }
    switch code {
    case CURLE_OK: return .badResponse
    case CURLE_COULDNT_RESOLVE_HOST: return .dnsNotFound
    case CURLE_COULDNT_CONNECT:
      return systemError == ECONNREFUSED ? .connectRefused : .connectFailed
    case CURLE_OPERATION_TIMEDOUT: return timeout
    case CURLE_SSL_CONNECT_ERROR: return .tlsFailed
    case CURLE_PEER_FAILED_VERIFICATION: return certificateFailure
    case CURLE_GOT_NOTHING: return .emptyResponse
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: return .connectionReset
    // A header line over 100 KB ends as "out of memory", which it is not.
    case CURLE_OUT_OF_MEMORY: return .responseHeadersTooLarge
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2,
      CURLE_BAD_CONTENT_ENCODING,
      CURLE_WRITE_ERROR:
      return .badResponse
    default: return .internalError
    }
  }

  /// Which part of the request was under way when its time was up.
  private var timeout: AttemptReason {
    if hasBegun { return .responseTimeout }
    return target?.hasName == true && !wasDialed && timings.dns == 0
      ? .resolverSlow : .connectTimeout
  }

  /// What OpenSSL found wrong with the certificate (X509_STORE_CTX_get_error(3)).
  private var certificateFailure: AttemptReason {
    switch long(CURLINFO_SSL_VERIFYRESULT) {
    case 10: .tlsExpired
    // libcurl checks the name itself, before it notes what OpenSSL found: 1 is what it begins with.
    case 0, 1, 62: .tlsWrongHost
    default: .tlsUntrusted
    }
  }

  private var systemError: Int32 { Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)) }

  private var timings: AttemptTimings {
    AttemptTimings(
      dns: microseconds(CURLINFO_NAMELOOKUP_TIME_T), connect: microseconds(CURLINFO_CONNECT_TIME_T),
      tls: microseconds(CURLINFO_APPCONNECT_TIME_T),
      firstByte: microseconds(CURLINFO_STARTTRANSFER_TIME_T),
      total: microseconds(CURLINFO_TOTAL_TIME_T))
  }

  private var remoteAddress: String? {
    var text: UnsafeMutableRawPointer?
    guard sealpost_get_pointer(handle, CURLINFO_PRIMARY_IP, &text) == CURLE_OK, let text else {
      return nil
    }
    let address = String(cString: text.assumingMemoryBound(to: CChar.self))
    return address.isEmpty ? nil : address
  }

  private func long(_ info: CURLINFO) -> Int {
    var value = 0
    sealpost_get_long(handle, info, &value)
    return value
  }

  private func microseconds(_ info: CURLINFO) -> Int64 {
    var value: curl_off_t = 0
    sealpost_get_offset(handle, info, &value)
    return Int64(value)
  }
}
