import Foundation
import SealpostCore
import SealpostSigning
import Synchronization

/// A transaction whose commit may have been answered or not.
///
/// It has a mark, a row that is written with everything else: where the answer to a commit was lost, whoever
/// tries again writes the mark first, waits by that for the first try to end, and sees whether it held.
struct PostgresDoubt<Value> {
  let mark = RandomBytes.make(16)
  /// What the work gave whose commit was sent and not answered.
  var value: Value?
}

extension PostgresDoubt: Sendable where Value: Sendable {}

/// What the sessions of a store know together: where one of them lost its connection, another server may have
/// taken over, and the others' answers may be of the past. So all of them connect anew.
final class PostgresLosses: Sendable {
  private let number = Atomic(0)

  var count: Int { number.load(ordering: .acquiring) }

  func note() { number.add(1, ordering: .releasing) }
}

/// A thread's connection, which is opened when it is needed and given up when it is no good any more.
struct PostgresSession: ~Copyable {
  /// For how long a lost connection is tried to be replaced before the caller is told.
  private static let patience = Duration.seconds(3)

  private let url: String
  private let losses: PostgresLosses
  private var connection: PostgresConnection?
  /// How many losses there were before it was made.
  private var knownLosses = 0

  init(url: String, losses: PostgresLosses) {
    self.url = url
    self.losses = losses
  }

  /// Does work that reads, again where the connection is lost meanwhile.
  mutating func read<T>(_ work: (PostgresConnection) throws -> T) throws -> T {
    try again { session in
      let connection = try session.connected()
      do {
        return try work(connection)
      } catch {
        session.cleanUp(after: error)
        throw error
      }
    }
  }

  /// Does work that writes, in one transaction; again where the connection is lost meanwhile, but never
  /// twice: see `PostgresDoubt`.
  mutating func write<T>(
    _ doubt: inout PostgresDoubt<T>, _ work: (PostgresConnection) throws -> T
  ) throws -> T {
    try again { session in
      let connection = try session.connected()
      do {
        let begun = try connection.pipeline([
          PostgresStatement("BEGIN"),
          PostgresStatement(
            """
            INSERT INTO commits (mark, at) VALUES ($1, $2) ON CONFLICT (mark) DO NOTHING
            """, [doubt.mark, Timestamp.now().nanoseconds]),
        ])
        if begun[1].affected == 0, let value = doubt.value {
          try connection.query("ROLLBACK")
          return value
        }
        doubt.value = nil
        let value = try work(connection)
        doubt.value = value
        try Self.commit(connection, &doubt)
        return value
      } catch {
        session.cleanUp(after: error)
        throw error
      }
    }
  }

  /// Only a lost connection leaves doubt; anything else is the server's word that the work does not hold.
  private static func commit<T>(_ connection: PostgresConnection, _ doubt: inout PostgresDoubt<T>)
    throws
  {
    do {
      guard try connection.query("COMMIT").tag == "COMMIT" else {
        throw PostgresError.server(state: "25P02", words: "the transaction was rolled back")
      }
    } catch let error as PostgresError {
      if case .server = error { doubt.value = nil }
      throw error
    }
  }

  private mutating func again<T>(_ work: (inout PostgresSession) throws -> T) throws -> T {
    let deadline = MonotonicTime.nanoseconds() + Self.patience.nanoseconds
    var pause: useconds_t = 20_000
    while true {
      do {
        return try work(&self)
      } catch let error as PostgresError {
        guard error.isPassing, MonotonicTime.nanoseconds() < deadline else { throw error }
        usleep(pause)
        pause = min(pause * 2, 500_000)
      }
    }
  }

  private mutating func connected() throws -> PostgresConnection {
    let count = losses.count
    if let connection, knownLosses == count { return connection }
    connection = nil
    knownLosses = count
    let made = try PostgresConnection(url: url)
    connection = made
    return made
  }

  private mutating func cleanUp(after error: any Error) {
    if case PostgresError.lost = error {
      if connection != nil { losses.note() }
      connection = nil
    } else if let connection, connection.isInTransaction {
      do { try connection.query("ROLLBACK") } catch { self.connection = nil }
    }
  }
}
