import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// The operations on the event log.
enum LogOperations {
  static let all: [APIOperation] = [
    APIOperation(
      method: .get, path: "/v3/webhook-event-logs", name: "listLog",
      summary:
        "Lists attempts, newest first, of the last seven days unless sentAt says otherwise. The Link header goes on.",
      scope: .webhookRead,
      parameters: [
        .page, .limit, .after,
        .query(
          "sort", "`id`, or `-id` for the newest first.",
          ["type": "string", "enum": ["id", "-id"]]),
        .account,
      ] + LogFilterReader.parameters,
      answer: .init(
        status: 200, description: "A page of the log.", schema: Schemas.list(of: "LogEntry"))
    ) { call in
      let filter = try LogFilterReader.filter(call)
      let rows = try await call.control.log(filter, by: call.principal)
      var answer = try APIAnswer(rows.map { LogView($0) })
      if rows.count == filter.limit, let last = rows.last {
        answer.headers[LogFilterReader.link] = call.link("after", "\(last.id)", without: "page")
      }
      return answer
    },
    APIOperation(
      method: .get, path: "/v3/webhook-event-logs/{id}", name: "readLogEntry",
      summary: "Reads one attempt with what was sent.", scope: .webhookRead, parameters: [.rowID],
      answer: .init(
        status: 200, description: "The attempt.", schema: Schemas.reference("LogDetail"))
    ) { call in
      let detail = try await call.control.logEntry(
        try call.rowID("log entry"), by: call.principal)
      return try APIAnswer(LogView(detail.entry, body: detail.body))
    },
    APIOperation(
      method: .post, path: "/v3/webhook-event-logs/{id}/resend", name: "resend",
      summary: "Sends the delivery of an attempt again, as a new run.", scope: .webhookWrite,
      parameters: [.rowID],
      answer: .init(
        status: 202, description: "The broker has it.", schema: Schemas.reference("Resend")),
      takesIdempotencyKey: true
    ) { call in
      struct View: Encodable {
        let eventId, event, webhookId: String
        let run: Int
      }
      let resend = try await call.control.resend(try call.rowID("log entry"), by: call.principal)
      return try APIAnswer(
        View(
          eventId: resend.eventID, event: resend.eventName, webhookId: resend.webhookID,
          run: resend.run), status: .accepted)
    },
  ]
}
