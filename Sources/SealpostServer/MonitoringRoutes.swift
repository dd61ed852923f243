import Hummingbird
import SealpostControl
import SealpostMonitoring
import SealpostSigning

/// What watches the process: `/healthz` (it lives), `/readyz` (it does its work) and `/metrics`. All of them
/// answer from memory.
struct MonitoringRoutes: Sendable {
  private struct Readiness: Encodable {
    struct Part: Encodable {
      let part: String
      let ready: Bool
      let problem: String?
    }

    let status: String
    let parts: [Part]
  }

  let parts: [any Monitored]
  /// What a scrape must bring; nil where anybody may.
  let token: String?

  /// Adds the routes.
  func add(to router: Router<ServerContext>) {
    router.get("/healthz") { _, _ in
      APIAnswer(json: [UInt8](#"{"status":"ok"}"#.utf8)).response
    }
    router.get("/readyz") { _, _ in try readiness().response }
    router.get("/metrics") { request, _ in
      guard isAllowed(request) else {
        return APIAnswer(
          ControlError(
            .unauthenticated, "no_metrics_token",
            "Send `Authorization: Bearer` with the token of SEALPOST_METRICS_TOKEN.")
        ).response
      }
      return Response(
        status: .ok, headers: [.contentType: MetricsText.contentType],
        body: .init(byteBuffer: ByteBuffer(string: metrics())))
    }
  }

  private func readiness() throws -> APIAnswer {
    let all = parts.flatMap { $0.readiness() }
    let isReady = all.allSatisfy { $0.problem == nil }
    return try APIAnswer(
      Readiness(
        status: isReady ? "ready" : "not_ready",
        parts: all.map {
          Readiness.Part(part: $0.name, ready: $0.problem == nil, problem: $0.problem)
        }), status: isReady ? .ok : .serviceUnavailable)
  }

  private func metrics() -> String {
    let ready = MetricFamily(
      "sealpost_ready", .gauge, "1 where a part is well, as /readyz says.",
      parts.flatMap { $0.readiness() }.map {
        MetricSample($0.problem == nil ? 1 : 0, ("part", $0.name))
      })
    return MetricsText.text([ready] + parts.flatMap { $0.metrics() })
  }

  private func isAllowed(_ request: Request) -> Bool {
    guard let token else { return true }
    let words = (request.headers[.authorization] ?? "").split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bearer" else { return false }
    // Digests, so that how long the comparison takes tells nothing of the token.
    return Array(words[1].utf8).withUnsafeBytes { sent in
      Array(token.utf8).withUnsafeBytes { Digest.sha256(sent) == Digest.sha256($0) }
    }
  }
}
