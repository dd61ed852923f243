import SealpostCore
import SealpostSigning
import Testing

@Suite struct SecretTests {
  let box: SecretBox
  let context = Array("webhook 1".utf8)

  init() throws { box = try SecretBox(key: SecretBytes(RandomBytes.make(32))) }

  func seal(_ clear: [UInt8], _ box: SecretBox) throws -> [UInt8] {
    try box.seal(SecretBytes(clear), context: context)
  }

  @Test func opensWhatItSealed() throws {
    for count in [0, 1, 16, 4096] {
      let clear = RandomBytes.make(count)
      let sealed = try seal(clear, box)
      #expect(sealed != clear)
      #expect(try box.open(sealed, context: context).copy == clear)
    }
  }

  @Test func sealsTheSameDifferentlyEachTime() throws {
    let clear = Array("token".utf8)
    #expect(try seal(clear, box) != seal(clear, box))
  }

  @Test func opensNothingThatWasChangedMovedOrSealedByAnotherKey() throws {
    let sealed = try seal(Array("token".utf8), box)
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: SigningError.self) { try box.open(changed, context: context) }
    }
    #expect(throws: SigningError.cannotOpen) { try box.open(sealed, context: Array("2".utf8)) }
    #expect(throws: SigningError.cannotOpen) {
      try box.open(Array(sealed.prefix(20)), context: context)
    }
    let other = try SecretBox(key: SecretBytes(RandomBytes.make(32)))
    #expect(throws: SigningError.unknownKey(box.keyID)) {
      try other.open(sealed, context: context)
    }
    #expect(other.keyID != box.keyID)
  }

  @Test func refusesKeysOfAnotherLength() {
    #expect(throws: SigningError.badKeyLength(31)) {
      try SecretBox(key: SecretBytes(RandomBytes.make(31)))
    }
  }

  @Test func severalKeysOpenAndTheFirstSeals() throws {
    let (old, new) = (SecretBytes(RandomBytes.make(32)), SecretBytes(RandomBytes.make(32)))
    let before = try SecretBox(key: old)
    let after = try SecretBox(key: new, others: [old])
    let sealed = try seal([1, 2, 3], before)
    #expect(try after.open(sealed, context: context).copy == [1, 2, 3])
    #expect(before.isCurrent(sealed) && !after.isCurrent(sealed))
    let anew = try after.seal(after.open(sealed, context: context), context: context)
    #expect(after.isCurrent(anew))
    #expect(try SecretBox(key: new).open(anew, context: context).copy == [1, 2, 3])
    #expect(throws: SigningError.unknownKey(after.keyID)) {
      try before.open(anew, context: context)
    }
    #expect(after.keyIDs == [after.keyID, before.keyID])
  }

  @Test func whatWasSealedBeforeKeysWereNamedOpensStill() throws {
    let old = SecretBytes(RandomBytes.make(32))
    let sealed = try seal([7], SecretBox(key: old))
    // The same without what names the key.
    let plain = Array(sealed.dropFirst(7))
    let box = try SecretBox(key: SecretBytes(RandomBytes.make(32)), others: [old])
    #expect(try box.open(plain, context: context).copy == [7])
    #expect(!box.isCurrent(plain))
  }

  @Test func secretsPrintThemselvesRedactedWhereverTheyAre() throws {
    struct Holder {
      let token = WebhookToken("planted-secret")
      let bytes = SecretBytes("planted-secret".utf8)
      let header: WebhookHeader
      let access: AccessToken
      let box: SecretBox
      let pair: SigningKeyPair
      let secret: SigningSecret
    }
    let access = AccessToken.make()
    let pair = try SigningKeyPair.make()
    let secret = SigningSecret.make()
    let holder = Holder(
      header: try WebhookHeader(name: "Authorization", value: "planted-secret"), access: access,
      box: try SecretBox(key: SecretBytes("planted-secret".utf8 + Array(repeating: 0, count: 18))),
      pair: try SigningKeyPair(parsing: pair), secret: try SigningSecret(parsing: secret))
    var text =
      "\(holder) \(String(reflecting: holder)) \([holder.token]) \(String(describing: Optional(holder.token)))"
    dump(holder, to: &text)
    #expect(text.contains("redacted"))
    for planted in [
      "planted-secret", access.clearText, pair.clearText, secret.clearText, "112, 108, 97",
    ] { #expect(!text.contains(planted)) }
  }

  @Test func secretBytesCompareAndEndAsTheyWereMade() {
    let one = SecretBytes("abc".utf8)
    #expect(one == SecretBytes("abc".utf8) && one != SecretBytes("abd".utf8))
    #expect(one != SecretBytes("ab".utf8) && SecretBytes([]) == SecretBytes([]))
    #expect(
      SecretBytes(capacity: 9) {
        $0[0] = 65; return 1
      }.copy == [65])
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
