import Foundation
import Hummingbird
import SealpostControl

/// A request as the handlers of operations see it.
struct APICall: Sendable {
  let control: ControlPlane
  let principal: Principal
  let query: QueryParameters
  let body: [UInt8]
  /// The path without its query, for links.
  let path: String
  /// What the client calls the request, so that it can be repeated.
  let repeatKey: String?
  let parameters: Parameters

  /// The text of a parameter of the path.
  func text(_ name: String) -> String {
    let text = parameters.get(name) ?? ""
    return text.removingPercentEncoding ?? text
  }

  /// The id of a row in the path. What is no number is the id of no row.
  func rowID(_ what: String) throws(ControlError) -> Int64 {
    guard let id = Int64(text("id")), id >= 0 else { throw .notFound("\(what) \(text("id"))") }
    return id
  }

  /// Which part of a list is asked for: how many to leave out, and how many to show.
  func page() throws(ControlError) -> (offset: Int, limit: Int) {
    let limit = try query.integer("limit", in: 1...100, default: 20)
    let page = try query.integer("page", in: 1...ControlPlane.deepestPage, default: 1)
    guard page * limit <= ControlPlane.deepestPage else {
      throw .invalid(
        "page", "too_deep",
        "page × limit must be at most \(ControlPlane.deepestPage): narrow the list, or go on with `after` where there is one."
      )
    }
    return ((page - 1) * limit, limit)
  }

  /// The query of this call with one parameter changed, for a `Link` header.
  func link(_ name: String, _ value: String, without left: String...) -> String {
    var parts = query.names.filter { $0 != name && !left.contains($0) }
      .map { "\(Self.encode($0))=\(Self.encode(query[$0] ?? ""))" }
    parts.append("\(name)=\(Self.encode(value))")
    return "<\(path)?\(parts.joined(separator: "&"))>; rel=\"next\""
  }

  private static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }
}
