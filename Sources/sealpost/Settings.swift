import ArgumentParser
import Configuration
import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore
import SealpostServer
import SealpostStore
import SealpostTransport
import SealpostWorker
import SystemPackage

/// The program's settings. Each is checked when it is read, so that a command trips only over those that
/// it needs.
struct Settings {
  let reader: SettingReader

  /// The broker and the names of our objects.
  var broker: BrokerSettings {
    get throws {
      let text = reader.text("SEALPOST_AMQP_URL") ?? "amqp://guest:guest@127.0.0.1:5672/%2F"
      let unit = try reader.duration("SEALPOST_DELAY_UNIT", default: .seconds(1))
      guard unit >= .milliseconds(1), unit <= .seconds(1) else {
        throw reader.refusal("SEALPOST_DELAY_UNIT", "a duration from 1ms to 1s", example: "1s")
      }
      return BrokerSettings(
        urls: try BrokerURL.list(text),
        namespace: try reader.name("SEALPOST_NAMESPACE", default: "sealpost"),
        eventsExchange: try reader.name("SEALPOST_EVENTS_EXCHANGE", default: "license.events"),
        delayUnit: unit)
    }
  }

  /// The store, opened.
  func openStore() throws -> any Store {
    try StoreEngine.open(
      url: reader.text("SEALPOST_STORE_URL") ?? "sqlite:sealpost.sqlite", secretKey: try secretKey,
      otherKeys: try otherSecretKeys)
  }

  /// The address of the HTTP side.
  var httpAddress: (host: String, port: Int) {
    get throws {
      let text = reader.text("SEALPOST_HTTP_ADDRESS") ?? "127.0.0.1:8080"
      guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
        (1...65535).contains(port), colon != text.startIndex
      else {
        throw reader.refusal(
          "SEALPOST_HTTP_ADDRESS", "a host and a port", example: "127.0.0.1:8080")
      }
      let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
      return (host, port)
    }
  }

  /// What the HTTP side needs to know.
  var server: ServerSettings {
    get throws {
      let address = try httpAddress
      return ServerSettings(
        host: address.host, port: address.port,
        requestsPerMinute: try reader.count(
          "SEALPOST_API_RATE", default: 600, range: 1...1_000_000),
        metricsToken: reader.text("SEALPOST_METRICS_TOKEN"),
        patience: try reader.duration("SEALPOST_HTTP_TIMEOUT", default: .seconds(30)),
        tls: try tls)
    }
  }

  private var tls: ServerTLS? {
    get throws {
      let files = [reader.text("SEALPOST_TLS_CERTIFICATE"), reader.text("SEALPOST_TLS_KEY")]
      guard let certificate = files[0], let key = files[1] else {
        guard files == [nil, nil] else {
          throw Failure(
            "SEALPOST_TLS_CERTIFICATE and SEALPOST_TLS_KEY go together: set both, or none for plain HTTP.",
            exitCode: Failure.badSettings)
        }
        return nil
      }
      do {
        return try ServerTLS(certificate: certificate, key: key)
      } catch {
        throw Failure(
          "SEALPOST_TLS_CERTIFICATE, SEALPOST_TLS_KEY: \(error.sentence).",
          exitCode: Failure.badSettings)
      }
    }
  }

  /// What owners and operators may do.
  var control: ControlSettings {
    get throws {
      ControlSettings(
        broker: try broker, egress: try egress, retry: try retry,
        deliveryTimeout: try deliveryTimeout, maximumEventBytes: try maximumEventBytes,
        quotas: Quotas(
          webhooks: try reader.count(
            "SEALPOST_QUOTA_WEBHOOKS", default: 1000, range: 1...1_000_000),
          eventsPerSecond: try reader.count(
            "SEALPOST_QUOTA_EVENTS", default: 1000, range: 1...1_000_000),
          backlog: try reader.count(
            "SEALPOST_QUOTA_BACKLOG", default: 1_000_000, range: 1...100_000_000)))
    }
  }

  /// What commands work with: the same rules as the API's, on behalf of whoever runs them.
  func openControlPlane() throws -> ControlPlane {
    let settings = try control
    return ControlPlane(
      settings: settings, store: try openStore(),
      publisher: ControlPublisher(settings: settings.broker))
  }

  /// The largest event, in bytes.
  var maximumEventBytes: Int {
    get throws {
      try reader.size("SEALPOST_MAX_EVENT_BYTES", default: 256 << 10, range: 1024...1 << 20)
    }
  }

  /// How long an attempt may take.
  var deliveryTimeout: Duration {
    get throws { try reader.duration("SEALPOST_DELIVERY_TIMEOUT", default: .seconds(15)) }
  }

  /// When failures are tried again.
  var retry: RetryPolicy {
    get throws {
      let standard = RetryPolicy.default
      return RetryPolicy(
        initial: try reader.duration("SEALPOST_RETRY_INITIAL", default: standard.initial),
        factor: try reader.number("SEALPOST_RETRY_FACTOR", default: standard.factor, range: 1...10),
        maximumDelay: min(
          try reader.duration("SEALPOST_RETRY_MAX_DELAY", default: standard.maximumDelay),
          .seconds(86400)),
        maximumAttempts: try reader.count(
          "SEALPOST_RETRY_MAX_ATTEMPTS", default: standard.maximumAttempts, range: 1...100),
        jitter: try reader.number("SEALPOST_RETRY_JITTER", default: standard.jitter, range: 0...0.5)
      )
    }
  }

  /// What a worker needs to know.
  var worker: WorkerSettings {
    get throws {
      let retry = try retry
      let retention = try reader.duration("SEALPOST_LOG_RETENTION", default: .seconds(30 * 86400))
      guard retention >= retry.longestSpan + .seconds(86400) else {
        throw reader.refusal(
          "SEALPOST_LOG_RETENTION",
          "longer than the longest retry span and a day, since retries look their past up in the log",
          example: "30d")
      }
      return WorkerSettings(
        broker: try broker,
        lanes: try reader.count(
          "SEALPOST_LANES", default: ProcessInfo.processInfo.activeProcessorCount, range: 1...64),
        prefetch: try reader.count("SEALPOST_PREFETCH", default: 4000, range: 1...10_000),
        bodyBudget: try reader.size(
          "SEALPOST_BODY_BUDGET", default: 64 << 20, range: 1 << 20...1 << 34),
        maximumEventBytes: try maximumEventBytes, retry: retry,
        transport: TransportSettings(
          userAgent: Product.userAgent,
          connectTimeout: try reader.duration("SEALPOST_CONNECT_TIMEOUT", default: .seconds(5)),
          deliveryTimeout: try deliveryTimeout,
          capacity: try reader.count("SEALPOST_MAX_IN_FLIGHT", default: 512, range: 1...10_000),
          authorities: try authorities, proxy: try proxy),
        egress: try egress,
        maximumInFlightPerWebhook: try reader.count(
          "SEALPOST_MAX_IN_FLIGHT_PER_WEBHOOK", default: 64, range: 1...1000),
        maximumInFlightPerHost: try reader.count(
          "SEALPOST_MAX_IN_FLIGHT_PER_HOST", default: 512, range: 1...10_000),
        health: try health,
        logRetention: retention,
        shutdownGrace: try reader.duration("SEALPOST_SHUTDOWN_GRACE", default: .seconds(20)),
        allowsUnsafeBroker: try reader.flag("SEALPOST_ALLOW_UNSAFE_BROKER"),
        fault: reader.text("SEALPOST_FAULT"))
    }
  }

  private var health: HealthPolicy {
    get throws {
      let standard = HealthPolicy.default
      return HealthPolicy(
        unhealthyAfter: try reader.count(
          "SEALPOST_UNHEALTHY_AFTER", default: standard.unhealthyAfter, range: 1...1000),
        suspendedAfter: try reader.count(
          "SEALPOST_SUSPEND_AFTER", default: standard.suspendedAfter, range: 1...100_000),
        suspendedSpan: try reader.duration(
          "SEALPOST_SUSPEND_SPAN", default: standard.suspendedSpan))
    }
  }

  /// The key that seals; nil where none is set.
  var secretKey: SecretBytes? {
    get throws {
      if let key = reader.text("SEALPOST_SECRET_KEY") { return SecretBytes(key.utf8) }
      return try fileOfKeys("SEALPOST_SECRET_KEY_FILE")
    }
  }

  /// Keys that only open, with commas or on lines of their own.
  private var otherSecretKeys: [SecretBytes] {
    get throws {
      let text = reader.text("SEALPOST_OTHER_SECRET_KEYS").map { SecretBytes($0.utf8) }
      let separators = Array(",\r\n".utf8)
      return [text, try fileOfKeys("SEALPOST_OTHER_SECRET_KEYS_FILE")].flatMap { keys in
        keys?.withUnsafeBytes { bytes in
          bytes.split(whereSeparator: separators.contains).map { SecretBytes($0) }
        } ?? []
      }
    }
  }

  private func fileOfKeys(_ setting: String) throws -> SecretBytes? {
    guard let file = reader.text(setting) else { return nil }
    guard let keys = SecretKey.read(file: file) else {
      throw Failure(
        "\(setting) names \(file), which cannot be read.", exitCode: Failure.badSettings)
    }
    return keys
  }
}
