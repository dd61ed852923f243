import Foundation
import SealpostTransport

extension Settings {
  /// Which addresses may be reached, and how.
  var egress: EgressPolicy {
    get throws {
      let blocks = (reader.text("SEALPOST_EGRESS_ALLOW") ?? "").split(separator: ",")
      let isHTTPSOnly = try reader.flag("SEALPOST_HTTPS_ONLY")
      do {
        return EgressPolicy(
          allow: try blocks.map {
            try AddressBlock(parsing: $0.trimmingCharacters(in: .whitespaces))
          }, isHTTPSOnly: isHTTPSOnly)
      } catch {
        throw reader.refusal(
          "SEALPOST_EGRESS_ALLOW", "blocks of addresses with commas between them",
          example: "127.0.0.0/8,10.1.0.0/16")
      }
    }
  }

  /// The proxy that every request goes through. What is wrong with it is told without its value, which may
  /// hold a password.
  var proxy: EgressProxy? {
    get throws {
      guard let text = reader.text("SEALPOST_EGRESS_PROXY") else { return nil }
      do throws(EgressProxy.ParseError) {
        return try EgressProxy(parsing: text)
      } catch {
        throw Failure(
          "SEALPOST_EGRESS_PROXY is no proxy: \(error.sentence).", exitCode: Failure.badSettings)
      }
    }
  }

  /// The authorities that receivers' certificates are checked against; nil for the system's.
  var authorities: TrustedAuthorities? {
    get throws {
      let only = try certificates("SEALPOST_CA_FILE")
      guard let besides = try certificates("SEALPOST_CA_BUNDLE") else {
        return only.map { TrustedAuthorities(only: $0) }
      }
      guard only == nil else {
        throw Failure(
          "SEALPOST_CA_FILE stands in place of the system's certificates and SEALPOST_CA_BUNDLE besides them: set one of them.",
          exitCode: Failure.badSettings)
      }
      do throws(TrustedAuthorities.ReadError) {
        return try TrustedAuthorities(besidesSystem: besides)
      } catch {
        throw Failure(
          "SEALPOST_CA_BUNDLE cannot be used: \(error.path): \(error.words).",
          exitCode: Failure.badSettings)
      }
    }
  }

  /// A file that holds certificates.
  private func certificates(_ name: String) throws -> String? {
    guard let file = reader.text(name) else { return nil }
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      text.contains("-----BEGIN CERTIFICATE-----")
    else {
      throw Failure(
        "\(name) names \(file), which holds no certificate in PEM.", exitCode: Failure.badSettings)
    }
    return file
  }
}
