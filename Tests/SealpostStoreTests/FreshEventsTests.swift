import GRDB
import SealpostCore
import Testing

@testable import SealpostStore

/// Events are inserted without a look only where nobody can have inserted them before.
extension StoreTests {
  @Test func anEventThatAnotherProcessLoggedIsFound() async throws {
    let (mine, other) = (try openSQLite(), try openSQLite())
    let webhook = try await mine.create(draft())
    let events = (1...40).map { "evt_\($0)" }
    for event in events.prefix(20) {
      #expect(try record(mine, event: event, webhook: webhook, [(1, .retry)]) == [.inserted])
    }
    for event in events {
      let isKnown = events.prefix(20).contains(event)
      #expect(
        try record(other, event: event, webhook: webhook, [(1, .retry)])
          == [isKnown ? .duplicate : .inserted])
    }
    for event in events {
      #expect(try record(mine, event: event, webhook: webhook, [(1, .retry)]) == [.duplicate])
      #expect(try record(mine, event: event, webhook: webhook, [(2, .delivered)]) == [.inserted])
    }
  }

  @Test func manyEventsAreRememberedNoLongerThanNeeded() throws {
    let store = try openSQLite()
    try store.writeBlocking { database in
      var fresh = FreshEvents()
      try fresh.catchUp(database)
      func isFresh(_ number: Int64) -> Bool { fresh.add(number) }
      #expect((1...16_384).allSatisfy(isFresh), "an empty log has none of them")
      #expect(!isFresh(7))
      try database.execute(
        sql: """
          INSERT INTO events (hash, account, id, name, body, triggered_at, received_at)
          VALUES (16384, 'a', 'b', 'c', x'', 0, 0)
          """)
      try fresh.catchUp(database)
      #expect(!isFresh(1) && !isFresh(16_384), "they may be there")
      #expect(isFresh(16_385))
    }
  }
}
