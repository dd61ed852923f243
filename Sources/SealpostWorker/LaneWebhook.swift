import SealpostCore
import SealpostSigning
import SealpostTransport

/// What a lane keeps for a webhook between deliveries: the parsed URL and the keyed MAC.
final class LaneWebhook {
  /// The entry it was made from; another one in the directory means that the webhook changed.
  let entry: DirectoryEntry
  let target: HTTPTarget
  let signer: WebhookSigner

  init(entry: DirectoryEntry, engine: HTTPEngine) throws {
    self.entry = entry
    self.target = try engine.makeTarget(
      url: entry.webhook.url, headers: entry.webhook.headers, timeout: entry.webhook.timeout,
      clientCertificate: entry.webhook.clientCertificate)
    self.signer = try WebhookSigner(scheme: entry.webhook.scheme, tokens: entry.webhook.tokens)
  }
}
