import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SealpostControl

/// The public keys of webhooks that sign with Ed25519, for whoever asks.
struct PublicKeyRoutes: Sendable {
  let control: ControlPlane

  /// Adds the route.
  func add(to router: Router<ServerContext>) {
    router.get("/.well-known/jwks.json") { request, context in
      do {
        let query = try FormFields(request.uri.query ?? "")
        let json = try await control.publicKeys(ofWebhook: query.filled("webhook"))
        var headers: HTTPFields = [
          .contentType: "application/jwk-set+json", .cacheControl: "public, max-age=300",
          .accessControlAllowOrigin: "*",
        ]
        if let name = HTTPField.Name("Cross-Origin-Resource-Policy") {
          headers[name] = "cross-origin"
        }
        return Response(
          status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json)))
      } catch {
        context.logger.error("public keys cannot be read", metadata: ["error": "\(error)"])
        return APIAnswer(ControlError(error)).response
      }
    }
  }
}
