/// The engines that every store test runs on.
enum Engine: String, CaseIterable, Sendable {
  case sqlite, postgresql
}
