import SealpostCore
import SealpostStore

/// A state as a word and the kind of its dot.
struct StateView: Sendable {
  let word, kind: String

  init(_ word: String, _ kind: Kind) {
    self.word = word
    self.kind = kind.rawValue
  }

  /// What a state means to whoever looks.
  enum Kind: String {
    case good, fair, bad, idle, busy
  }

  /// How a webhook fares.
  init(_ webhook: Webhook) {
    let word = webhook.status
    let kind: Kind =
      switch word {
      case "healthy": .good
      case "unhealthy": .fair
      case "suspended", "invalid": .bad
      default: .idle
      }
    self.init(word, kind)
  }

  /// What an attempt came to.
  init(_ outcome: AttemptOutcome) {
    let kind: Kind =
      switch outcome {
      case .delivered: .good
      case .retry: .fair
      case .discarded: .idle
      case .gone, .blocked, .exhausted, .expired: .bad
      }
    self.init(outcome.name, kind)
  }

  /// How far a replay has come.
  init(_ state: Replay.State) {
    let kind: Kind =
      switch state {
      case .running: .busy
      case .done: .good
      case .cancelled: .idle
      }
    self.init(state.rawValue, kind)
  }

  /// Why a delivery stands in the backlog.
  init(_ state: BacklogState) {
    let kind: Kind =
      switch state {
      case .waiting: .busy
      case .parked: .idle
      case .exhausted: .bad
      }
    self.init(state.rawValue, kind)
  }
}
