import SealpostCore
public import SealpostStore

/// A row of the log as JSON.
public struct LogView: Encodable, Sendable {
  let id: Int64
  let account, eventId, event, webhookId, webhook: String
  let run, attempt: Int
  let trigger, url, sentAt: String
  let receivedAt: String?
  let status: Int?
  let outcome: String
  let reason, reasonText, nextAttemptAt, remoteAddress: String?
  let timings: Timings
  let response: Response?
  let requestBody: String?

  /// Microseconds from the start of the request until each part was done.
  struct Timings: Encodable, Sendable {
    let dnsMicroseconds, connectMicroseconds, tlsMicroseconds, firstByteMicroseconds,
      totalMicroseconds: Int64
  }

  /// The beginning of the answer.
  struct Response: Encodable, Sendable {
    let headers, body: String
  }

  /// The view of a row; with the event's bytes where it is shown by itself.
  public init(_ row: LogEntry, body requestBody: [UInt8]? = nil) {
    id = row.id
    account = row.account
    eventId = row.eventID
    event = row.eventName
    webhookId = row.webhookID
    webhook = row.webhookName
    run = row.run
    attempt = row.number
    trigger = row.trigger.name
    url = row.url
    sentAt = row.sentAt.iso8601
    receivedAt = row.receivedAt?.iso8601
    status = row.status == 0 ? nil : row.status
    outcome = row.outcome.name
    reason = row.reason?.id
    reasonText = row.reason?.sentence
    nextAttemptAt = row.nextAttemptAt?.iso8601
    remoteAddress = row.remoteAddress
    timings = Timings(
      dnsMicroseconds: row.timings.dns, connectMicroseconds: row.timings.connect,
      tlsMicroseconds: row.timings.tls, firstByteMicroseconds: row.timings.firstByte,
      totalMicroseconds: row.timings.total)
    self.requestBody = requestBody.map { String(decoding: $0, as: UTF8.self) }
    response = row.response.map {
      Response(
        headers: String(decoding: $0.headers, as: UTF8.self),
        body: String(decoding: $0.body, as: UTF8.self))
    }
  }
}
