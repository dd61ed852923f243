import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore
import SealpostPublisher
import SealpostSigning
import SealpostStore
import SealpostTransport
import SealpostWorker

/// Something that ends a command: what people read, and the exit code that scripts read.
struct Failure: Error {
  /// Exit codes of sysexits(3).
  static let usage: Int32 = 64
  static let unavailable: Int32 = 69
  static let badSettings: Int32 = 78

  let message: String
  let exitCode: Int32

  init(_ message: String, exitCode: Int32 = Failure.usage) {
    self.message = message
    self.exitCode = exitCode
  }

  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as BrokerError: self.init(broker: error)
    case let error as StoreError: self.init(store: error)
    case let error as Worker.Failure:
      switch error {
      case .broker(let error): self.init(broker: error)
      case .store(let error): self.init(store: error)
      case .transport(let error): self.init(error.sentence, exitCode: Failure.unavailable)
      }
    case let error as ControlError:
      self.init(
        error.message,
        exitCode: error.kind == .unavailable || error.kind == .failed
          ? Failure.unavailable : Failure.usage)
    case let error as EventFault: self.init(error.sentence)
    case PublishError.broker(let error): self.init(broker: error)
    case PublishError.invalidEvent(let fault): self.init(fault.sentence)
    case let error as PublishError: self.init(error.sentence, exitCode: Failure.unavailable)
    case let error as WebhookURLError: self.init(error.sentence)
    case let error as WebhookHeader.Refusal: self.init(error.sentence)
    case let error as EventPattern.ParseError: self.init(error.sentence)
    case let error as SigningError: self.init(error.sentence)
    default: self.init("\(error)", exitCode: Failure.unavailable)
    }
  }

  private init(broker error: BrokerError) {
    if case .badURL = error {
      self.init(error.sentence, exitCode: Failure.badSettings)
    } else {
      self.init(error.sentence, exitCode: Failure.unavailable)
    }
  }

  private init(store error: StoreError) {
    switch error {
    case .badURL, .badKey: self.init(error.sentence, exitCode: Failure.badSettings)
    case .notFound, .refused: self.init(error.sentence)
    default: self.init(error.sentence, exitCode: Failure.unavailable)
    }
  }
}

extension AsyncParsableCommand {
  /// Runs a command's work and tells what ended it.
  func reporting(_ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch let code as ExitCode {
      throw code
    } catch {
      let failure = Failure(error)
      FileHandle.standardError.write(Data("error: \(Inert.text(failure.message))\n".utf8))
      throw ExitCode(failure.exitCode)
    }
  }
}

/// Runs blocking work on a thread that may block.
func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
  }
}
