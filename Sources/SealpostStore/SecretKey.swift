import Foundation
public import SealpostSigning

/// The key that tokens are sealed with.
public enum SecretKey {
  /// The box of the given key, or of the one in a file of its own beside the database, which is made
  /// where there is none.
  ///
  /// - Parameters:
  ///   - text: base64 of 32 bytes, nil where no key is set.
  ///   - path: the database's path.
  public static func box(text: String?, besideDatabase path: String) throws(StoreError) -> SecretBox
  {
    if let text { return try box(text, from: "SEALPOST_SECRET_KEY") }
    let file = path + ".key"
    let descriptor = Glibc.open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      guard errno == EEXIST else {
        throw .notWritable(path: file, words: String(cString: strerror(errno)))
      }
      guard let known = try? String(contentsOfFile: file, encoding: .utf8), !known.isEmpty else {
        throw .badKey("\(file) cannot be read or is empty")
      }
      return try box(known, from: file)
    }
    defer { Glibc.close(descriptor) }
    let made = Data(RandomBytes.make(32)).base64EncodedString() + "\n"
    guard
      Array(made.utf8).withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) })
        == made.utf8.count, Glibc.fsync(descriptor) == 0
    else { throw .notWritable(path: file, words: String(cString: strerror(errno))) }
    return try box(made, from: file)
  }

  private static func box(_ text: String, from source: String) throws(StoreError) -> SecretBox {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let key = Data(base64Encoded: trimmed) else { throw .badKey("\(source) is no base64") }
    do throws(SigningError) {
      return try SecretBox(key: Array(key))
    } catch {
      throw .badKey("\(source): \(error.sentence)")
    }
  }
}
