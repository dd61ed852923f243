internal import CPostgres
import Foundation

/// Where a PostgreSQL store is.
struct PostgresLocation: Sendable {
  private static let schemes = ["postgresql://", "postgres://"]

  /// The URL as it was given, which libpq takes.
  let url: String
  /// Server and database, for people: no user, no password.
  let text: String

  /// Whether a URL is one of PostgreSQL's.
  static func isOne(_ url: String) -> Bool { schemes.contains { url.hasPrefix($0) } }

  /// Reads a URL (libpq's manual, "Connection URIs").
  init(parsing url: String) throws(StoreError) {
    self.url = url
    // Its words are not shown: they quote the URL, and with it the password.
    guard Self.isOne(url), let options = PQconninfoParse(url, nil) else {
      throw .badURL(url)
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    let hosts = (values["host"] ?? values["hostaddr"] ?? "localhost").split(separator: ",")
    // An @ here is the rest of a password that should have been written as %40.
    guard !hosts.contains(where: { $0.contains("@") }) else { throw .badURL(url) }
    let ports = (values["port"] ?? "5432").split(separator: ",")
    let servers = hosts.enumerated().map { index, host in
      "\(host):\(index < ports.count ? ports[index] : ports.last ?? "5432")"
    }
    text = "postgresql://\(servers.joined(separator: ","))/\(values["dbname"] ?? "")"
  }
}
