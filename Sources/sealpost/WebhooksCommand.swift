import ArgumentParser
import Foundation
import SealpostControl
import SealpostCore
import SealpostStore

struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks", abstract: "Adds, lists and changes webhooks.",
    subcommands: [
      Add.self, List.self, Show.self, Edit.self, RotateToken.self, Pause.self, Resume.self,
      Remove.self,
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
        var input = try webhook.input
        input.account = account
        input.active = !inactive
        let added = try await options.load().openControlPlane().createWebhook(
          input, by: .commandLine)
        let token = webhook.token == nil ? added.token : nil
        if json {
          try Output.json(WebhookView(added.webhook, token: token))
        } else {
          print("added \(added.webhook.id)")
          if let token { print("token \(token.clearText)   (shown only now)") }
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
        var filter = WebhookFilter()
        filter.account = account
        filter.limit = .max
        let webhooks = try await options.load().openControlPlane().webhooks(
          filter, by: .commandLine)
        if json { return try Output.json(webhooks.map { WebhookView($0) }) }
        var table = Table("ID", "ACCOUNT", "NAME", "STATUS", "EVENTS", "URL")
        for webhook in webhooks {
          table.add(
            webhook.id, webhook.account, webhook.name, webhook.status,
            webhook.events.map(\.text).joined(separator: ","), webhook.url.withoutQuery)
        }
        print(
          table.text(whenEmpty: "No webhooks yet. Add one with `sealpost webhooks add --help`."))
        for webhook in webhooks {
          guard let fault = webhook.fault else { continue }
          print(
            Inert.text(
              "\(webhook.id) is invalid, its deliveries are parked: \(fault) Mend it with `sealpost webhooks edit \(webhook.id)`."
            ))
        }
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
        let control = try await options.load().openControlPlane()
        try Output.json(WebhookView(try await control.webhook(id, by: .commandLine)))
      }
    }
  }

  struct Edit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes a webhook; what is not named stays.",
      discussion: """
          sealpost webhooks edit ID --url https://new.example.com/hook
          sealpost webhooks edit ID --active false
          sealpost webhooks edit ID --client-certificate client.pem --client-key client.key
        """)

    @Argument(help: "The webhook's ID.") var id: String
    @OptionGroup var webhook: WebhookOptions
    @Option(help: "true or false.") var active: Bool?
    @Flag(help: "No client certificate any more.") var removeClientCertificate = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        var input = try webhook.input
        input.active = active
        if removeClientCertificate { input.clientCertificate = .some(nil) }
        let changed = try await options.load().openControlPlane().updateWebhook(
          id, input, by: .commandLine)
        print("changed \(changed.id)")
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
        let control = try await options.load().openControlPlane()
        print("paused \(try await control.pauseWebhook(id, by: .commandLine).id)")
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
        let control = try await options.load().openControlPlane()
        print("resumed \(try await control.resumeWebhook(id, by: .commandLine).id)")
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
        try await options.load().openControlPlane().deleteWebhook(id, by: .commandLine)
        print("removed \(id)")
      }
    }
  }
}
