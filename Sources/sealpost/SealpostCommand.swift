import ArgumentParser

/// The program. Its commands wire the modules; everything else lives in those.
@main
struct SealpostCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sealpost",
    abstract:
      "Delivers events from a queue to webhooks: signed, logged, and again until they arrive.",
    discussion: """
      Settings come from the environment, or from a file of NAME=value lines given with --config; \
      the environment wins. The first ones to know:

        SEALPOST_AMQP_URL       the broker, amqp://guest:guest@127.0.0.1:5672/%2F
        SEALPOST_STORE_URL      the store, sqlite:sealpost.sqlite or postgresql://…
        SEALPOST_EGRESS_ALLOW   private addresses that may be reached, none

      A first round on one machine:

        sealpost check
        SEALPOST_EGRESS_ALLOW=127.0.0.0/8 sealpost serve
        sealpost listen --token secret
        sealpost webhooks add --name first --url http://127.0.0.1:9090/ --token secret --events '*'
        sealpost publish license.created
        sealpost logs
      """,
    version: Product.version,
    subcommands: [
      ServeCommand.self, PublishCommand.self, ListenCommand.self, WebhooksCommand.self,
      LogsCommand.self, ResendCommand.self, QueuesCommand.self, DeadCommand.self,
      RejectedCommand.self, PauseCommand.self, ResumeCommand.self, TokensCommand.self,
      ReplayCommand.self, SecretsCommand.self, AccountsCommand.self, StoreCommand.self,
      CheckCommand.self, MigrateCommand.self, TopologyCommand.self,
    ])
}

/// What the program calls itself.
enum Product {
  static let version = "0.1.0"
  static let userAgent = "Sealpost/\(version)"
}
