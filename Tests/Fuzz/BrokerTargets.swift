import CRabbitMQ
import Glibc
import SealpostCore

@testable import SealpostBroker

/// Where librabbitmq can decode properties, our walk finds the same headers in them.
func fuzzProperties(_ input: UnsafeRawBufferPointer) {
  let own = AMQPProperties(input)
  var names: [[UInt8]] = []
  // librabbitmq lets a table, also one within another, run over its end into what follows, and we do not.
  var isComparable = true
  own.forEachHeader { field in
    if isComparable { names.append(Array(field.name)) }
    if field.kind == UInt8(ascii: "F") || field.kind == UInt8(ascii: "A") { isComparable = false }
    _ = field.integer
    _ = field.text.map { $0.reduce(0) { $0 &+ Int($1) } }
  }
  var pool = amqp_pool_t()
  init_amqp_pool(&pool, 4096)
  defer { empty_amqp_pool(&pool) }
  var decoded: UnsafeMutableRawPointer?
  let raw = amqp_bytes_t(
    len: input.count, bytes: UnsafeMutableRawPointer(mutating: input.baseAddress))
  guard
    amqp_decode_properties(sealpost_basic_class, &pool, raw, &decoded) == AMQP_STATUS_OK.rawValue,
    let theirs = decoded?.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee,
    theirs._flags & UInt32(AMQP_BASIC_HEADERS_FLAG) != 0
  else { return }
  let count = Int(theirs.headers.num_entries)
  let their = (0..<count).map { index in
    let key = theirs.headers.entries[index].key
    return Array(UnsafeRawBufferPointer(start: key.bytes, count: key.len))
  }
  expect(names.elementsEqual(their.prefix(names.count)), "both find the same headers")
}

/// Headers that are read as a retry's are written as ones that read the same.
func fuzzRetryHeaders(_ input: UnsafeRawBufferPointer) {
  var fields: [AMQPField] = []
  var reader = AMQPReader(input)
  while let name = reader.shortString(), let field = reader.field(name) { fields.append(field) }
  guard case .parsed(let retry) = RetryHeaders.read(fields) else { return }
  expect(EventID.isValid(retry.eventID) && AccountID.isValid(retry.account), "its ids are ids")
  expect(retry.attempt >= 1 && retry.run >= 0 && retry.deferrals >= 0, "its counts are counts")
  expect(retry.revision >= 0, "its revision is one")
  guard let webhook = String(validating: retry.webhook, as: UTF8.self) else { return }
  let headers = RetryHeaders.outgoing(
    eventID: retry.eventID, account: retry.account, webhook: webhook, run: retry.run,
    attempt: retry.attempt, deferrals: retry.deferrals, firstAttemptAt: retry.firstAttemptAt,
    revision: retry.revision, trigger: retry.trigger, copy: retry.copy, dueAt: Timestamp(seconds: 0)
  )
  let arena = BytesArena()
  var table = arena.table(headers.map { arena.entry($0.key, $0.value) })
  var encoded = [UInt8](repeating: 0, count: 4096)
  let count = encoded.withUnsafeMutableBytes { room in
    var offset = 0
    let status = amqp_encode_table(
      amqp_bytes_t(len: room.count, bytes: room.baseAddress), &table, &offset)
    return status == AMQP_STATUS_OK.rawValue ? offset : 0
  }
  encoded[..<count].withUnsafeBytes { bytes in
    var again: [AMQPField] = []
    var reader = AMQPReader(bytes)
    guard let table = reader.longString() else { return expect(false, "a table was written") }
    var inside = AMQPReader(table)
    while let name = inside.shortString(), let field = inside.field(name) { again.append(field) }
    guard case .parsed(let copy) = RetryHeaders.read(again) else {
      return expect(false, "what was written is a retry")
    }
    expect(
      copy.eventID.elementsEqual(retry.eventID) && copy.account.elementsEqual(retry.account)
        && copy.webhook.elementsEqual(retry.webhook) && copy.run == retry.run
        && copy.attempt == retry.attempt && copy.deferrals == retry.deferrals
        && copy.firstAttemptAt == retry.firstAttemptAt && copy.revision == retry.revision
        && copy.trigger == retry.trigger && copy.copy == retry.copy, "it reads the same")
  }
}

/// A broker whose first words are the input.
func fuzzLogin(_ input: UnsafeRawBufferPointer) {
  let broker = ScriptedBroker.shared
  broker.say(Array(input))
  _ = try? BrokerConnection.open(broker.settings, name: "fuzz")
  broker.hangUp()
}

/// A broker that sends the input to a consumer.
func fuzzFrames(_ input: UnsafeRawBufferPointer) {
  let broker = ScriptedBroker.shared
  broker.say(ScriptedBroker.consuming + Array(input))
  defer { broker.hangUp() }
  guard let connection = try? BrokerConnection.open(broker.settings, name: "fuzz"),
    let consumer = try? BrokerConsumer(
      connection: connection, queues: [("q", 10)], consumerTagPrefix: "fuzz")
  else { return expect(false, "a broker in good order can be consumed") }
  var last: UInt64 = 0
  do throws(BrokerError) {
    while true {
      var descriptor = pollfd(fd: consumer.fileDescriptor, events: Int16(POLLIN), revents: 0)
      poll(&descriptor, 1, 1000)
      _ = try consumer.read(limit: 10) { message in
        expect(message.tag == last + 1 && message.queue == 0, "messages come in order")
        last = message.tag
        for bytes in [message.body, message.properties, message.exchange] {
          _ = bytes.reduce(0) { $0 &+ Int($1) }
        }
        message.free()
      }
    }
  } catch {
    _ = error.sentence
  }
  consumer.close()
}

/// A broker that answers what was published with the input.
func fuzzConfirms(_ input: UnsafeRawBufferPointer) {
  let broker = ScriptedBroker.shared
  broker.say(ScriptedBroker.confirming + Array(input))
  defer { broker.hangUp() }
  guard let connection = try? BrokerConnection.open(broker.settings, name: "fuzz"),
    let publisher = try? ConfirmingPublisher(connection: connection)
  else { return expect(false, "a broker in good order can be published to") }
  var ended: Set<UInt64> = []
  do throws(BrokerError) {
    for _ in 0..<3 {
      _ = try publisher.publish(
        OutgoingMessage(exchange: "", routingKey: "q", body: input, keptProperties: input))
    }
    while true {
      try publisher.process(waitMilliseconds: 1000) { sequence, _ in
        expect((1...3).contains(sequence), "only what was published ends")
        expect(ended.insert(sequence).inserted, "a message ends once")
      }
    }
  } catch {
    _ = error.sentence
  }
  connection.close()
}
