internal import CRabbitMQ
import Glibc

/// Memory for the strings and tables of one call to librabbitmq, which borrows them: freed together.
final class BytesArena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { free(block) }
  }

  /// A copy of the text.
  func bytes(_ text: String) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
  }

  /// A copy of the bytes.
  func bytes(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
    guard let start = source.baseAddress, source.count > 0 else { return amqp_empty_bytes }
    let block = allocate(source.count)
    memcpy(block, start, source.count)
    return amqp_bytes_t(len: source.count, bytes: block)
  }

  /// A table of the entries.
  func table(_ entries: [amqp_table_entry_t]) -> amqp_table_t {
    guard !entries.isEmpty else { return amqp_empty_table }
    let block = allocate(entries.count * MemoryLayout<amqp_table_entry_t>.stride)
      .bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
    block.initialize(from: entries, count: entries.count)
    return amqp_table_t(num_entries: Int32(entries.count), entries: block)
  }

  /// A table entry.
  func entry(_ key: String, _ value: HeaderValue) -> amqp_table_entry_t {
    var field = amqp_field_value_t()
    switch value {
    case .int(let number):
      field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
      field.value.i64 = number
    case .text(let text):
      field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
      field.value.bytes = bytes(text)
    case .bytes(let source):
      field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
      field.value.bytes = bytes(source)
    case .flag(let flag):
      field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
      field.value.boolean = flag ? 1 : 0
    case .table(let entries):
      field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
      field.value.table = table(entries.map { entry($0.key, $0.value) })
    }
    return amqp_table_entry_t(key: bytes(key), value: field)
  }

  private func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let block = malloc(max(1, count))
    precondition(block != nil, "out of memory")
    blocks.append(block!)
    return block!
  }
}
