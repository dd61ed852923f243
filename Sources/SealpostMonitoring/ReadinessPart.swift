/// Something that the process needs to do its work.
public struct ReadinessPart: Hashable, Sendable {
  /// What it is: a fixed word, also a metric's label.
  public let name: String
  /// What is not well with it, for people; nil where it is well.
  public let problem: String?

  /// Makes a part.
  public init(_ name: String, problem: String?) {
    self.name = name
    self.problem = problem
  }
}
