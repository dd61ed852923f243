import HTTPTypes
import SealpostControl
import SealpostCore

/// How a program that holds a token lets a person into the portal.
enum SignInOperations {
  static let all: [APIOperation] = [
    APIOperation(
      method: .post, path: "/v3/sign-in-links", name: "createSignInLink",
      summary:
        "Makes a link with which a person signs in to the portal once, within ten minutes, with the rights of the token.",
      scope: .webhookRead,
      answer: .init(
        status: 201, description: "The link's path.", schema: Schemas.reference("SignInLink"))
    ) { call in
      struct Link: Encodable {
        let path, expiresAt: String
      }
      let end = Timestamp.now() + ControlPlane.ticketLifetime
      let ticket = try await call.control.issueTicket(by: call.principal)
      return try APIAnswer(
        Link(path: "/sign-in?ticket=\(ticket)", expiresAt: end.iso8601), status: .created)
    }
  ]
}
