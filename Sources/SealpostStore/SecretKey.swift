import Foundation
public import SealpostCore
public import SealpostSigning

/// The keys that secrets are sealed with.
public enum SecretKey {
  private static let mostBytes = 64 << 10

  /// The box of the given keys, or of the one in a file of its own beside the database, which is made
  /// where there is none.
  ///
  /// - Parameters:
  ///   - text: base64 of 32 bytes, nil where no key is set.
  ///   - others: the same of keys that only open.
  ///   - path: the database's path.
  public static func box(
    text: SecretBytes?, others: [SecretBytes] = [], besideDatabase path: String
  ) throws(StoreError) -> SecretBox {
    if let text { return try box(text, others: others) }
    let opening = try keys(others)
    let file = path + ".key"
    let descriptor = Glibc.open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      guard errno == EEXIST else {
        throw .notWritable(path: file, words: String(cString: strerror(errno)))
      }
      guard let known = read(file: file), known.count > 0 else {
        throw .badKey("\(file) cannot be read or is empty")
      }
      return try box(known, opening, from: file)
    }
    defer { Glibc.close(descriptor) }
    let made = SecretBytes((Data(RandomBytes.make(32)).base64EncodedString() + "\n").utf8)
    let isWritten = made.withUnsafeBytes {
      Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count
    }
    guard isWritten, Glibc.fsync(descriptor) == 0 else {
      throw .notWritable(path: file, words: String(cString: strerror(errno)))
    }
    return try box(made, opening, from: file)
  }

  /// The box of the given keys alone.
  static func box(_ text: SecretBytes, others: [SecretBytes]) throws(StoreError) -> SecretBox {
    try box(text, try keys(others), from: "SEALPOST_SECRET_KEY")
  }

  private static func keys(_ others: [SecretBytes]) throws(StoreError) -> [SecretBytes] {
    var opening: [SecretBytes] = []
    for other in others { opening.append(try key(other, from: "SEALPOST_OTHER_SECRET_KEYS")) }
    return opening
  }

  /// What stands in a file of keys; nil where it cannot be read. No copy of it is left in memory.
  public static func read(file: String) -> SecretBytes? {
    let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { Glibc.close(descriptor) }
    var isRead = true
    let bytes = SecretBytes(capacity: mostBytes) { room in
      var count = 0
      while count < room.count {
        let read = Glibc.read(
          descriptor, room.baseAddress.map { $0 + count }, room.count - count)
        if read < 0 { isRead = false }
        guard read > 0 else { break }
        count += read
      }
      return count
    }
    return isRead ? bytes : nil
  }

  private static func box(_ text: SecretBytes, _ others: [SecretBytes], from source: String)
    throws(StoreError) -> SecretBox
  {
    let key = try key(text, from: source)
    do throws(SigningError) {
      return try SecretBox(key: key, others: others)
    } catch {
      throw .badKey("\(source): \(error.sentence)")
    }
  }

  private static func key(_ text: SecretBytes, from source: String) throws(StoreError)
    -> SecretBytes
  {
    guard let key = SecretBox.key(base64: text) else { throw .badKey("\(source) is no base64") }
    guard key.count == 32 else {
      throw .badKey("\(source): \(SigningError.badKeyLength(key.count).sentence)")
    }
    return key
  }
}
