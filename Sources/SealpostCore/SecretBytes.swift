import Glibc

/// Bytes that nobody but their holder should know: wiped when the last copy of this value goes, printed as
/// the same words whatever they are, compared in a time that does not tell where they differ.
///
/// Copies share one piece of memory. It is wiped by explicit_bzero(3), which no optimizer takes out.
public struct SecretBytes: @unchecked Sendable {
  // Unchecked because of the memory's pointers: it is written before `init` returns and read afterwards.
  private final class Storage: ManagedBuffer<Int, UInt8> {
    deinit { withUnsafeMutablePointers { explicit_bzero($1, $0.pointee) } }
  }

  private let storage: ManagedBuffer<Int, UInt8>

  /// Lets `fill` write at most `capacity` bytes; it gives their count.
  public init<Failure: Error>(
    capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    // The header counts all bytes until they are written, so that a failed `fill` leaves nothing behind.
    storage = Storage.create(minimumCapacity: capacity) { _ in capacity }
    let bytes = storage.withUnsafeMutablePointerToElements {
      UnsafeMutableRawBufferPointer(start: $0, count: capacity)
    }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let count = try fill(bytes)
    precondition(count <= capacity, "more was written than there is room for")
    storage.header = count
  }

  /// Copies bytes.
  public init(_ bytes: some Collection<UInt8>) {
    self.init(capacity: bytes.count) {
      $0.copyBytes(from: bytes)
      return bytes.count
    }
  }

  /// How many bytes there are.
  public var count: Int { storage.header }

  /// Lends the bytes.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = storage.withUnsafeMutablePointerToElements { UnsafeRawPointer($0) }
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// A copy that nobody wipes, for what is about to be shown.
  public var copy: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension SecretBytes: Equatable {
  /// Whether both hold the same bytes.
  public static func == (one: SecretBytes, other: SecretBytes) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { one in
      other.withUnsafeBytes { zip(one, $0).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0 }
    }
  }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always the same words, never the bytes.
  public var description: String { "<redacted>" }

  /// Always the same words, never the bytes.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
