import SealpostCore
import Testing

@testable import SealpostStore

/// What one of several workers does at a time.
extension StoreTests {
  @Test(arguments: Engine.allCases) func aLeaseIsHeldByOneUntilItEnds(_ engine: Engine) throws {
    let store = try open(engine)
    let other = try open(engine)
    #expect(try store.takeLease("backlog", owner: "one", for: .seconds(10)))
    #expect(try store.takeLease("backlog", owner: "one", for: .nanoseconds(1)))
    #expect(try other.takeLease("backlog", owner: "two", for: .seconds(10)))
    #expect(try !store.takeLease("backlog", owner: "one", for: .seconds(10)))
    #expect(try store.takeLease("other", owner: "one", for: .seconds(10)))
  }

  @Test(arguments: Engine.allCases) func aLeaseThatIsGivenBackIsTheNextOnesAtOnce(
    _ engine: Engine
  ) throws {
    let store = try open(engine)
    let other = try open(engine)
    #expect(try store.takeLease("backlog", owner: "one", for: .seconds(600)))
    try other.giveBackLease("backlog", owner: "two")
    try store.giveBackLease("other", owner: "one")
    #expect(try !other.takeLease("backlog", owner: "two", for: .seconds(600)), "it is not theirs")
    try store.giveBackLease("backlog", owner: "one")
    #expect(try other.takeLease("backlog", owner: "two", for: .seconds(600)))
    #expect(try !store.takeLease("backlog", owner: "one", for: .seconds(600)))
  }

  @Test(arguments: Engine.allCases) func ofManyThatCompeteForALeaseOneHasIt(_ engine: Engine)
    async throws
  {
    let stores = [try open(engine), try open(engine)]
    for round in 0..<20 {
      let winners: [String] = try await withThrowingTaskGroup(of: String?.self) { group in
        for number in 0..<8 {
          group.addTask {
            let store = stores[number % 2]
            let isMine = try store.takeLease(
              "lease \(round)", owner: "\(number)", for: .seconds(600))
            return isMine ? "\(number)" : nil
          }
        }
        return try await group.reduce(into: []) { if let owner = $1 { $0.append(owner) } }
      }
      #expect(winners.count == 1)
      // Whoever has it keeps it, and nobody else gets it.
      for number in 0..<8 {
        #expect(
          try stores[number / 4].takeLease(
            "lease \(round)", owner: "\(number)", for: .seconds(600)) == (winners == ["\(number)"]))
      }
    }
  }

  @Test func aLeaseEndsByTheClockOfThePostgreSQLServer() throws {
    _ = try openPostgres()
    // A clock that can be set: found before the server's own.
    try database.query(
      """
      CREATE TABLE clock AS SELECT interval '0 s' AS shift;
      CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + shift FROM public.clock';
      DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
      END $$
      """)
    let store = try openPostgres()
    #expect(try store.takeLease("backlog", owner: "one", for: .seconds(600)))
    try database.query("UPDATE clock SET shift = '590 s'")
    #expect(try !store.takeLease("backlog", owner: "two", for: .seconds(600)))
    try database.query("UPDATE clock SET shift = '610 s'")
    #expect(try store.takeLease("backlog", owner: "two", for: .seconds(600)))
    #expect(try !store.takeLease("backlog", owner: "one", for: .seconds(600)))
    // A clock that is set back ends none.
    try database.query("UPDATE clock SET shift = '0 s'")
    #expect(try !store.takeLease("backlog", owner: "one", for: .seconds(600)))
  }
}
