import ArgumentParser
import Foundation
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks", abstract: "Adds, lists and changes webhooks.",
    subcommands: [
      Add.self, List.self, Show.self, Edit.self, Pause.self, Resume.self, Remove.self,
    ],
    defaultSubcommand: List.self)
}

extension WebhooksCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds a webhook.",
      discussion: """
          sealpost webhooks add --name crm --url https://crm.example.com/hook --events 'license.*'
          sealpost webhooks add --name all --url https://example.com/ --events '*' --scheme standard

        A token is made and shown once where none is given.
        """)

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "The account.") var account = AccountID.default
    @Flag(help: "Add it switched off: its deliveries are parked.") var inactive = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let settings = try await options.load()
        guard AccountID.isValid(account) else { throw EventFault.badAccount }
        guard let name = webhook.name, !name.isEmpty, let url = try webhook.parsedURL(settings),
          let events = try webhook.parsedEvents()
        else { throw Failure("--name, --url and --events are needed.") }
        let scheme = try webhook.parsedScheme() ?? .hmacSHA256
        let token = WebhookToken(webhook.token ?? SigningSecret.make())
        try WebhookOptions.check(token, scheme)
        let added = try await settings.openStore().create(
          WebhookDraft(
            account: account, name: name, url: url, scheme: scheme, token: token, events: events,
            headers: try webhook.parsedHeaders(), isActive: !inactive))
        if json {
          try Output.json(WebhookView(added, token: webhook.token == nil ? token.clearText : nil))
        } else {
          print("added \(added.id)")
          if webhook.token == nil { print("token \(token.clearText)   (shown only now)") }
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists webhooks.")

    @Option(help: "Only this account's.") var account: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let webhooks = try await options.load().openStore().webhooks(account: account)
        if json { return try Output.json(webhooks.map { WebhookView($0) }) }
        var table = Table("ID", "ACCOUNT", "NAME", "STATUS", "EVENTS", "URL")
        for webhook in webhooks {
          table.add(
            webhook.id, webhook.account, webhook.name, webhook.status,
            webhook.events.map(\.text).joined(separator: ","), webhook.url.withoutQuery)
        }
        print(
          table.text(whenEmpty: "No webhooks yet. Add one with `sealpost webhooks add --help`."))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one webhook, without its token.")

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        try Output.json(WebhookView(try await options.load().openStore().webhook(id)))
      }
    }
  }

  struct Edit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes a webhook; what is not named stays.",
      discussion: """
          sealpost webhooks edit ID --url https://new.example.com/hook
          sealpost webhooks edit ID --active false
        """)

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var webhook: WebhookOptions
    @Option(help: "true or false.") var active: Bool?
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let settings = try await options.load()
        let store = try settings.openStore()
        var change = WebhookChange()
        change.name = webhook.name
        change.url = try webhook.parsedURL(settings)
        change.events = try webhook.parsedEvents()
        change.scheme = try webhook.parsedScheme()
        change.headers = webhook.headers.isEmpty ? nil : try webhook.parsedHeaders()
        change.isActive = active
        // Its owner says that it is to be tried again.
        if active == true { change.health = .healthy }
        change.token = webhook.token.map { WebhookToken($0) }
        if change.scheme != nil || change.token != nil {
          let current = try await store.webhook(id)
          guard let token = change.token ?? current.tokens.first else {
            throw Failure("The stored token cannot be read: give a new one with --token.")
          }
          try WebhookOptions.check(token, change.scheme ?? current.scheme)
        }
        print("changed \(try await store.update(id, change).id)")
      }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Holds a webhook's deliveries back until it is resumed; none is lost.")

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        var change = WebhookChange()
        change.isPaused = true
        print("paused \(try await options.load().openStore().update(id, change).id)")
      }
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Goes on with a webhook that was paused or suspended.",
      discussion: """
        What was held back while it was paused is sent. What was parked while it was suspended is listed by \
        `sealpost dead list --state parked`, and sent again by `sealpost dead requeue`.
        """)

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        var change = WebhookChange()
        change.isPaused = false
        change.health = .healthy
        print("resumed \(try await options.load().openStore().update(id, change).id)")
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes a webhook; deliveries that wait for it end.")

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        try await options.load().openStore().delete(id)
        print("removed \(id)")
      }
    }
  }
}

/// A webhook as JSON.
struct WebhookView: Encodable {
  let id, account, name, url, scheme: String
  let events: [String]
  let headers: [String: String]
  let active: Bool
  let status: String
  let token: String?
  let createdAt, updatedAt: String

  init(_ webhook: Webhook, token: String? = nil) {
    id = webhook.id
    account = webhook.account
    name = webhook.name
    url = webhook.url.text
    scheme = webhook.scheme.rawValue
    events = webhook.events.map(\.text)
    headers = Dictionary(webhook.headers.map { ($0.name, $0.value) }) { $1 }
    active = webhook.isActive
    status = webhook.status
    self.token = token
    createdAt = webhook.createdAt.iso8601
    updatedAt = webhook.updatedAt.iso8601
  }
}
