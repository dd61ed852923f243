import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// The operations on queues, on what was set aside, and on the audit log.
enum OperatorOperations {
  static let all: [APIOperation] = [
    APIOperation(
      method: .get, path: "/v3/queues", name: "listQueues",
      summary: "How full the queues are; for tokens that are bound to no account.",
      scope: .webhookRead,
      answer: .init(status: 200, description: "The queues.", schema: Schemas.list(of: "Queue"))
    ) { call in
      try APIAnswer(try await call.control.queues(by: call.principal).map(QueueView.init))
    },
    APIOperation(
      method: .get, path: "/v3/dead-deliveries", name: "listDeadDeliveries",
      summary: "Lists deliveries that were given up or parked, oldest first.", scope: .webhookRead,
      parameters: [
        .limit, .after, .account, .query("webhookId[eq]", "Of this webhook.", Schemas.text),
        .query(
          "state", "Only in this state; exhausted and parked ones unless asked.",
          Schemas.oneOf(BacklogState.allCases)),
      ],
      answer: .init(
        status: 200, description: "Deliveries.", schema: Schemas.list(of: "DeadDelivery"))
    ) { call in
      var filter = BacklogFilter()
      filter.account = call.query["account"]
      filter.webhook = call.query["webhookId[eq]"]
      filter.limit = try call.query.integer("limit", in: 1...100, default: 20)
      filter.after = try call.query.id("after")
      if let text = call.query["state"] {
        guard let state = BacklogState(rawValue: text) else {
          throw ControlError.invalid(
            "state", "bad_state", "It must be waiting, parked or exhausted.")
        }
        filter.states = [state]
      }
      let rows = try await call.control.dead(filter, by: call.principal)
      return try list(rows.map(DeadView.init), last: rows.last?.id, filter.limit, call)
    },
    APIOperation(
      method: .get, path: "/v3/dead-deliveries/{id}", name: "readDeadDelivery",
      summary: "Reads one.", scope: .webhookRead, parameters: [.rowID],
      answer: .init(
        status: 200, description: "The delivery.", schema: Schemas.reference("DeadDelivery"))
    ) { call in
      try APIAnswer(
        DeadView(try await call.control.dead(try call.rowID("dead delivery"), by: call.principal)))
    },
    action(.dead, "requeue", "Lets it go on, as a new run.") {
      try await $0.control.requeueDead(try $0.rowID("dead delivery"), by: $0.principal)
    },
    action(.dead, nil, "Forgets it. The log keeps its attempts.") {
      try await $0.control.dropDead(try $0.rowID("dead delivery"), by: $0.principal)
    },
    APIOperation(
      method: .get, path: "/v3/rejected-messages", name: "listRejectedMessages",
      summary: "Lists messages that were no valid events, newest first.", scope: .webhookRead,
      parameters: [.limit, .after, .account],
      answer: .init(
        status: 200, description: "Messages with their first 4,096 bytes.",
        schema: Schemas.list(of: "RejectedMessage"))
    ) { call in
      let limit = try call.query.integer("limit", in: 1...100, default: 20)
      let rows = try await call.control.rejected(
        account: call.query["account"], before: try call.query.id("after"), limit: limit,
        by: call.principal)
      return try list(rows.map { RejectedView($0) }, last: rows.last?.id, limit, call)
    },
    APIOperation(
      method: .get, path: "/v3/rejected-messages/{id}", name: "readRejectedMessage",
      summary: "Reads one with all of its bytes.", scope: .webhookRead, parameters: [.rowID],
      answer: .init(
        status: 200, description: "The message.", schema: Schemas.reference("RejectedMessage"))
    ) { call in
      let entry = try await call.control.rejected(
        try call.rowID("rejected message"), by: call.principal)
      return try APIAnswer(RejectedView(entry, most: .max))
    },
    action(.rejected, "requeue", "Publishes it again as it is.") {
      try await $0.control.requeueRejected(try $0.rowID("rejected message"), by: $0.principal)
    },
    action(.rejected, nil, "Forgets it.") {
      try await $0.control.dropRejected(try $0.rowID("rejected message"), by: $0.principal)
    },
    APIOperation(
      method: .get, path: "/v3/audit", name: "listAudit",
      summary: "Who did what, newest first.", scope: .webhookRead,
      parameters: [.limit, .after, .account],
      answer: .init(status: 200, description: "Entries.", schema: Schemas.list(of: "AuditEntry"))
    ) { call in
      let limit = try call.query.integer("limit", in: 1...100, default: 20)
      let rows = try await call.control.audit(
        account: call.query["account"], before: try call.query.id("after"), limit: limit,
        by: call.principal)
      return try list(rows.map(AuditView.init), last: rows.last?.id, limit, call)
    },
  ]

  private enum Kind: String {
    case dead = "DeadDelivery"
    case rejected = "RejectedMessage"

    var path: String { self == .dead ? "/v3/dead-deliveries/{id}" : "/v3/rejected-messages/{id}" }
  }

  private static func action(
    _ kind: Kind, _ verb: String?, _ summary: String,
    _ work: @escaping @Sendable (APICall) async throws -> Void
  ) -> APIOperation {
    APIOperation(
      method: verb == nil ? .delete : .post, path: kind.path + (verb.map { "/\($0)" } ?? ""),
      name: "\(verb ?? "drop")\(kind.rawValue)", summary: summary, scope: .webhookWrite,
      parameters: [.rowID], answer: .init(status: 204, description: "Done.", schema: nil)
    ) { call in
      try await work(call)
      return .noContent
    }
  }

  private static func list(
    _ views: [some Encodable], last: Int64?, _ limit: Int, _ call: APICall
  ) throws -> APIAnswer {
    var answer = try APIAnswer(views)
    if views.count == limit, let last {
      answer.headers[LogFilterReader.link] = call.link("after", "\(last)")
    }
    return answer
  }
}
