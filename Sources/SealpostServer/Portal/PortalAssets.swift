import HTTPTypes
import Hummingbird
import NIOCore
import SealpostSigning

/// The style, the script and the icon. Their addresses change with their bytes, so browsers keep them.
enum PortalAssets {
  private struct Asset {
    let bytes: [UInt8]
    let type: String
    let version: String

    init(_ bytes: [UInt8], _ type: String) {
      self.bytes = bytes
      self.type = type
      let digits = Array("0123456789abcdef")
      version = String(
        bytes.withUnsafeBytes { Digest.sha256($0) }.prefix(8)
          .flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
  }

  private static let all: [String: Asset] = [
    "portal.css": Asset(PackageResources.portal_css, "text/css; charset=utf-8"),
    "portal.js": Asset(PackageResources.portal_js, "text/javascript; charset=utf-8"),
    "seal.svg": Asset(PackageResources.seal_svg, "image/svg+xml"),
  ]

  /// The address of an asset.
  static func path(_ name: String) -> String { "/assets/\(name)?v=\(all[name]?.version ?? "")" }

  /// The answer to a request for an asset; nil where there is none of that name.
  static func response(_ name: String) -> Response? {
    guard let asset = all[name] else { return nil }
    return Response(
      status: .ok,
      headers: [.contentType: asset.type, .cacheControl: "public, max-age=31536000, immutable"],
      body: .init(byteBuffer: ByteBuffer(bytes: asset.bytes)))
  }
}
