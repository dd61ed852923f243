internal import CCurl
internal import CLinux
import Glibc

/// The authorities that sign receivers' certificates, in one file.
///
/// libcurl reads such a file once a day and keeps what was in it; with a folder of certificates beside it, as
/// Debian's has by default, it would read and parse all of them for every connection: 23 ms of the processor
/// instead of 1.2.
public final class TrustedAuthorities: Sendable {
  /// A file that cannot be read.
  public struct ReadError: Error, Sendable {
    /// Which one.
    public let path: String
    /// The system's words for why.
    public let words: String
  }

  /// The file's path.
  let path: String
  /// Whether the system's folder of certificates is asked too, where it has no file of them.
  let asksFolder: Bool
  /// The file in memory that the path names; nil for one on disk.
  private let descriptor: Int32?

  /// Trusts those of one file and no others.
  public init(only path: String) {
    self.path = path
    asksFolder = false
    descriptor = nil
  }

  /// Trusts those of a file besides the system's. They are read now.
  public init(besidesSystem path: String) throws(ReadError) {
    var text = try Self.read(path)
    let system = Self.systemFile.flatMap { try? Self.read($0) }
    if let system { text += Array("\n".utf8) + system }
    let descriptor = sealpost_memory_file("authorities")
    guard descriptor >= 0 else { throw Self.failure("memory") }
    guard Self.write(text, to: descriptor) else {
      close(descriptor)
      throw Self.failure("memory")
    }
    self.descriptor = descriptor
    self.path = "/proc/self/fd/\(descriptor)"
    asksFolder = system == nil
  }

  deinit { if let descriptor { close(descriptor) } }

  /// The system's file of authorities, as libcurl was built with.
  static var systemFile: String? {
    guard let path = sealpost_default_authorities() else { return nil }
    return access(path, R_OK) == 0 ? String(cString: path) : nil
  }

  private static func read(_ path: String) throws(ReadError) -> [UInt8] {
    guard let file = fopen(path, "re") else { throw failure(path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      bytes += piece[..<count]
      if count < piece.count { break }
    }
    guard ferror(file) == 0 else { throw failure(path) }
    return bytes
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func failure(_ path: String) -> ReadError {
    ReadError(path: path, words: String(cString: strerror(errno)))
  }
}
