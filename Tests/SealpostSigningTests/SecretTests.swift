import SealpostSigning
import Testing

@Suite struct SecretTests {
  let box: SecretBox
  let context = Array("webhook 1".utf8)

  init() throws { box = try SecretBox(key: RandomBytes.make(32)) }

  @Test func opensWhatItSealed() throws {
    for count in [0, 1, 16, 4096] {
      let clear = RandomBytes.make(count)
      let sealed = try box.seal(clear, context: context)
      #expect(sealed != clear)
      #expect(try box.open(sealed, context: context) == clear)
    }
  }

  @Test func sealsTheSameDifferentlyEachTime() throws {
    let clear = Array("token".utf8)
    #expect(try box.seal(clear, context: context) != box.seal(clear, context: context))
  }

  @Test func opensNothingThatWasChangedMovedOrSealedByAnotherKey() throws {
    let sealed = try box.seal(Array("token".utf8), context: context)
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: SigningError.cannotOpen) { try box.open(changed, context: context) }
    }
    #expect(throws: SigningError.cannotOpen) { try box.open(sealed, context: Array("2".utf8)) }
    #expect(throws: SigningError.cannotOpen) {
      try box.open(Array(sealed.prefix(20)), context: context)
    }
    let other = try SecretBox(key: RandomBytes.make(32))
    #expect(throws: SigningError.cannotOpen) { try other.open(sealed, context: context) }
    #expect(other.keyID != box.keyID)
  }

  @Test func refusesKeysOfAnotherLength() {
    #expect(throws: SigningError.badKeyLength(31)) { try SecretBox(key: RandomBytes.make(31)) }
  }

  @Test func derivedIdentitiesDependOnAccountAndBytes() {
    func id(_ account: String, _ body: String) -> String {
      Array(account.utf8).withUnsafeBytes { account in
        Array(body.utf8).withUnsafeBytes { Digest.eventID(account: account, body: $0) }
      }
    }
    #expect(id("a", "{}") == id("a", "{}"))
    #expect(id("a", "{}") != id("b", "{}"))
    #expect(id("a", "b{}") != id("ab", "{}"))
    #expect(id("a", "{}").utf8.count == 47)
  }
}
