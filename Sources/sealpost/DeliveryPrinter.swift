import Foundation
import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostSigning

/// Prints what `sealpost listen` receives.
struct DeliveryPrinter {
  let token: WebhookToken?
  let scheme: SignatureScheme
  let json: Bool

  private struct Line: Encodable {
    var attempt: String
    var body: String
    var event: String
    var id: String
    var path: String
    var signature: String
  }

  func show(_ fields: HTTPFields, _ path: String, _ body: [UInt8]) {
    func field(_ name: String) -> String { HTTPField.Name(name).flatMap { fields[$0] } ?? "" }
    let verdict = verdict(
      field("Webhook-Signature"), field("Webhook-Id"), field("Webhook-Timestamp"), body)
    let text = String(decoding: body, as: UTF8.self)
    if json {
      try? Output.jsonLine(
        Line(
          attempt: field("Webhook-Attempt"), body: text, event: field("Webhook-Event"),
          id: field("Webhook-Id"), path: path, signature: verdict))
      return
    }
    let time = Timestamp.now().iso8601.dropFirst(11)
    print(
      Inert.text(
        "\(time)  \(field("Webhook-Event"))  \(field("Webhook-Id"))  attempt \(field("Webhook-Attempt"))  signature \(verdict)"
      ))
    print("    " + Inert.text(text))
    Output.flush()
  }

  private func verdict(_ signature: String, _ id: String, _ timestamp: String, _ body: [UInt8])
    -> String
  {
    guard let token else { return "not checked" }
    do throws(SignatureCheck.Mismatch) {
      try SignatureCheck.verify(
        scheme: scheme, tokens: [token], header: signature, id: id, timestamp: timestamp,
        body: body,
        now: .now())
      return "verified"
    } catch {
      return "WRONG: \(error.sentence)"
    }
  }
}
