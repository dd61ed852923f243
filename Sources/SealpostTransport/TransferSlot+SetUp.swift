internal import CCurl
import SealpostCore

extension TransferSlot {
  /// Makes a slot with a handle whose options are set for life; a request adds only its URL, its head and its
  /// body.
  ///
  /// - Parameter withheld: the headers that libcurl is not to add.
  static func make(
    context: UnsafeMutablePointer<EngineContext>, withheld: UnsafeMutablePointer<curl_slist>
  ) throws(TransportError) -> UnsafeMutablePointer<TransferSlot> {
    guard let handle = curl_easy_init() else { throw .setUp("no easy handle") }
    let slot = UnsafeMutablePointer<TransferSlot>.allocate(capacity: 1)
    let excerpt = Excerpt(limit: context.pointee.settings.excerptBytes)
    slot.initialize(
      to: TransferSlot(
        handle: handle, context: context,
        errorText: .allocate(capacity: Int(CURL_ERROR_SIZE)), headExcerpt: excerpt,
        bodyExcerpt: excerpt))
    slot.pointee.errorText.pointee = 0
    slot.pointee.setOptions(address: slot, withheld: withheld)
    return slot
  }

  /// Sets the certificate that connections show to a receiver that asks. libcurl copies it, and uses a
  /// connection again only for the same one.
  func show(_ certificate: ClientCertificate?) {
    guard let certificate, let privateKey = certificate.privateKey else {
      sealpost_set_pointer(handle, CURLOPT_SSLCERT_BLOB, nil)
      sealpost_set_pointer(handle, CURLOPT_SSLKEY_BLOB, nil)
      return
    }
    var chain = certificate.chain
    chain.withUTF8 { setBlob(CURLOPT_SSLCERT_BLOB, UnsafeRawBufferPointer($0)) }
    privateKey.withUnsafeBytes { setBlob(CURLOPT_SSLKEY_BLOB, $0) }
  }

  private func setBlob(_ option: CURLoption, _ bytes: UnsafeRawBufferPointer) {
    var blob = curl_blob(
      data: UnsafeMutableRawPointer(mutating: bytes.baseAddress), len: bytes.count,
      flags: UInt32(CURL_BLOB_COPY))
    sealpost_set_pointer(handle, option, &blob)
  }

  private func set(_ option: CURLoption, _ value: Int) {
    sealpost_set_long(handle, option, value)
  }

  private func set(_ option: CURLoption, _ text: String) {
    _ = text.withCString { sealpost_set_pointer(handle, option, $0) }
  }

  /// TLS 1.2 at least, and whom we trust. Verification is always on, which is libcurl's default.
  private func setTLS(version: CURLoption, file: CURLoption, folder: CURLoption) {
    set(version, Int(CURL_SSLVERSION_TLSv1_2))
    let authorities = context.pointee.settings.authorities
    guard let path = authorities?.path ?? TrustedAuthorities.systemFile else { return }
    set(file, path)
    if authorities?.asksFolder != true { sealpost_set_pointer(handle, folder, nil) }
  }

  private func setProxy(_ proxy: EgressProxy) {
    if let user = proxy.user { set(CURLOPT_PROXYUSERNAME, user) }
    if let password = proxy.password { set(CURLOPT_PROXYPASSWORD, password) }
    // A tunnel also for http: the proxy sees where a request goes, and nothing of it.
    set(CURLOPT_HTTPPROXYTUNNEL, 1)
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    setTLS(
      version: CURLOPT_PROXY_SSLVERSION, file: CURLOPT_PROXY_CAINFO, folder: CURLOPT_PROXY_CAPATH)
  }

  private func setOptions(
    address: UnsafeMutablePointer<TransferSlot>, withheld: UnsafeMutablePointer<curl_slist>
  ) {
    let settings = context.pointee.settings
    set(CURLOPT_POST, 1)
    sealpost_set_pointer(handle, CURLOPT_PRIVATE, address)
    sealpost_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    sealpost_set_pointer(handle, CURLOPT_HTTPHEADER, withheld)
    sealpost_set_data_function(handle, CURLOPT_HEADERFUNCTION, receiveHead)
    sealpost_set_pointer(handle, CURLOPT_HEADERDATA, address)
    sealpost_set_data_function(handle, CURLOPT_WRITEFUNCTION, receiveBody)
    sealpost_set_pointer(handle, CURLOPT_WRITEDATA, address)
    sealpost_set_socket_function(handle, openSocket)
    sealpost_set_pointer(handle, CURLOPT_OPENSOCKETDATA, address)
    sealpost_set_close_function(handle, closeSocket)
    sealpost_set_pointer(handle, CURLOPT_CLOSESOCKETDATA, context)
    sealpost_set_request_function(handle, requestBegins)
    sealpost_set_pointer(handle, CURLOPT_PREREQDATA, address)
    set(CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectTimeout.nanoseconds / 1_000_000))
    // Only what the product promises: no proxy or password from the environment, no redirect, no other
    // protocol, and no signals in a program with threads.
    set(CURLOPT_PROXY, settings.proxy?.address ?? "")
    set(CURLOPT_NOPROXY, settings.proxy == nil ? "*" : "")
    set(CURLOPT_PROTOCOLS_STR, context.pointee.egress.isHTTPSOnly ? "https" : "http,https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    set(CURLOPT_NOSIGNAL, 1)
    // HTTP/2 where the receiver offers it in the TLS handshake, HTTP/1.1 else.
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    setTLS(version: CURLOPT_SSLVERSION, file: CURLOPT_CAINFO, folder: CURLOPT_CAPATH)
    if let proxy = settings.proxy { setProxy(proxy) }
    set(CURLOPT_TCP_NODELAY, 1)
    // A look-up that hangs must not hold the loop up when its handle is cleaned up.
    set(CURLOPT_QUICK_EXIT, 1)
    // libcurl walks its whole DNS cache after every transfer, so entries must not stay long.
    set(CURLOPT_DNS_CACHE_TIMEOUT, 10)
    set(CURLOPT_BUFFERSIZE, 4096)
  }
}
