internal import CCurl
import SealpostCore

extension TransferSlot {
  /// What came of the request that has ended with `code`. Mutating, so that the slot is looked at where it is: a
  /// copy would be as much work as the rest.
  mutating func result(_ code: CURLcode) -> AttemptResult {
    AttemptResult(
      status: isHeadComplete ? status : 0, failure: failure(code), timings: timings,
      remoteAddress: context.pointee.isProxied || (wasDenied && !wasDialed) ? nil : remoteAddress,
      retryAfter: retryAfter.map { UnsafeRawBufferPointer(rebasing: headExcerpt.bytes[$0]) },
      responseHeaders: headExcerpt.bytes, responseBody: bodyExcerpt.bytes)
  }

  var timings: AttemptTimings {
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

  func long(_ info: CURLINFO) -> Int {
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
