import Foundation
import Mustache

/// The pages' templates, compiled once.
enum PortalTemplates {
  /// Every `{{…}}` goes through `ShownText`, whatever a template or a page forgets. `{{{…}}}` is left for
  /// `Markup` of ours.
  private struct ShownContent: MustacheContentType {
    func escapeText(_ text: String) -> String { ShownText.html(text) }
  }

  private static let files: [String: [UInt8]] = [
    "account": PackageResources.account_mustache,
    "audit": PackageResources.audit_mustache,
    "attempts": PackageResources.attempts_mustache,
    "dead": PackageResources.dead_mustache,
    "delete": PackageResources.delete_mustache,
    "error": PackageResources.error_mustache,
    "field": PackageResources.field_mustache,
    "form": PackageResources.form_mustache,
    "layout": PackageResources.layout_mustache,
    "log": PackageResources.log_mustache,
    "log-entry": PackageResources.log_entry_mustache,
    "log-row": PackageResources.log_row_mustache,
    "log-rows": PackageResources.log_rows_mustache,
    "queues": PackageResources.queues_mustache,
    "queue-figures": PackageResources.queue_figures_mustache,
    "rejected": PackageResources.rejected_mustache,
    "rejected-entry": PackageResources.rejected_entry_mustache,
    "replay-rows": PackageResources.replay_rows_mustache,
    "replays": PackageResources.replays_mustache,
    "sign-in": PackageResources.sign_in_mustache,
    "state": PackageResources.state_mustache,
    "time": PackageResources.time_mustache,
    "webhook": PackageResources.webhook_mustache,
    "webhooks": PackageResources.webhooks_mustache,
  ]

  private static let library = Result {
    MustacheContentTypes.register(ShownContent(), named: "SHOWN")
    return MustacheLibrary(
      templates: try files.mapValues {
        try MustacheTemplate(
          // Without the end of its last line, which a sentence around a part would show as a space.
          string: "{{% CONTENT_TYPE: SHOWN}}" + String(decoding: $0.dropLast(), as: UTF8.self))
      })
  }

  /// A page.
  ///
  /// - Throws: the parser's error where a template is broken, which a test of all templates would show.
  static func render(_ view: Any, with name: String) throws -> String {
    guard let page = try library.get().render(view, withTemplate: name) else {
      throw MissingTemplate(name: name)
    }
    return page
  }

  /// A part of a page: the template sees what the frame holds as `view`, and the frame around it.
  static func renderPart(_ frame: Any, with name: String) throws -> String {
    try MustacheTemplate(string: "{{#view}}{{>\(name)}}{{/view}}")
      .render(frame, library: try library.get())
  }

  private struct MissingTemplate: Error {
    let name: String
  }
}

/// HTML that we made: all foreign text in it is escaped already. Templates write it with three braces.
struct Markup: MustacheCustomRenderable, Sendable {
  let renderText: String
  var isNull: Bool { false }

  init(_ html: String) { renderText = html }

  /// The value of a form's control.
  init(formValue text: String) { self.init(ShownText.formValue(text)) }
}
