import GRDB

/// The schema of the SQLite store, version by version. Migrations only add.
enum SQLiteMigrations {
  static var all: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-deliveries") { database in
      try database.execute(sql: deliveries)
    }
    migrator.registerMigration("2-backlog") { database in
      try database.execute(sql: backlog)
    }
    migrator.registerMigration("3-api") { database in
      try database.execute(sql: api)
    }
    migrator.registerMigration("4-spans") { database in
      try database.execute(sql: spans)
    }
    migrator.registerMigration("5-timeout") { database in
      try database.execute(sql: "ALTER TABLE webhooks ADD COLUMN timeout INTEGER")
    }
    migrator.registerMigration("6-trigger") { database in
      try database.execute(sql: trigger)
    }
    migrator.registerMigration("7-secrets") { database in
      try database.execute(sql: secrets)
    }
    migrator.registerMigration("8-client-certificates") { database in
      try database.execute(sql: clientCertificates)
    }
    migrator.registerMigration("9-traceparent") { database in
      try database.execute(
        sql: """
          ALTER TABLE events ADD COLUMN traceparent TEXT;
          ALTER TABLE notices ADD COLUMN traceparent TEXT;
          """)
    }
    migrator.registerMigration("10-suspects") { database in
      try database.execute(
        sql: "ALTER TABLE suspects ADD COLUMN alone INTEGER NOT NULL DEFAULT TRUE")
    }
    return migrator
  }

  /// Headers of webhooks, which may hold credentials, are sealed: those that stand in `headers` move to
  /// `sealed_headers` when the store is opened with its key. And which webhooks went with their account.
  private static let secrets = """
    ALTER TABLE webhooks ADD COLUMN sealed_headers BLOB;
    ALTER TABLE webhooks ADD COLUMN purged_at INTEGER;
    CREATE INDEX webhooks_plain_headers ON webhooks (key) WHERE headers <> '[]';
    CREATE INDEX webhooks_asymmetric ON webhooks (key) WHERE scheme = 'standard-ed25519';
    """

  /// The chain is in PEM; the key is sealed as tokens are.
  private static let clientCertificates = """
    ALTER TABLE webhooks ADD COLUMN client_chain TEXT;
    ALTER TABLE webhooks ADD COLUMN client_key BLOB;
    ALTER TABLE webhooks ADD COLUMN client_subject TEXT;
    ALTER TABLE webhooks ADD COLUMN client_expires_at INTEGER;
    """

  /// What began the run of a delivery in the backlog.
  private static let trigger = """
    ALTER TABLE backlog ADD COLUMN trigger INTEGER NOT NULL DEFAULT 1;
    UPDATE backlog SET trigger = 3 WHERE run > 0;
    """

  /// In which spans of the log a webhook has rows, in place of an entry for each row: see `LogQuery`.
  private static let spans = """
    DROP INDEX attempts_webhook;
    CREATE TABLE attempt_spans (
      span INTEGER NOT NULL,
      webhook INTEGER NOT NULL,
      PRIMARY KEY (span, webhook)
    ) WITHOUT ROWID;
    INSERT INTO attempt_spans SELECT DISTINCT id >> 10, webhook FROM attempts;
    """

  /// Tokens of the API, who did what, answers that may be asked for again, replays, previous tokens and
  /// retry policies of webhooks, and the accounts of rejected messages.
  private static let api = """
    ALTER TABLE webhooks ADD COLUMN previous_token BLOB;
    ALTER TABLE webhooks ADD COLUMN overlap_until INTEGER;
    ALTER TABLE webhooks ADD COLUMN retry TEXT;
    ALTER TABLE rejected ADD COLUMN account TEXT;
    CREATE INDEX rejected_account ON rejected (account, id);
    CREATE INDEX webhooks_unwell ON webhooks (account) WHERE health <> 'healthy';
    CREATE INDEX attempts_exceptions ON attempts (id >> 16, webhook, outcome, status, reason, trigger)
      WHERE outcome <> 1 OR trigger <> 1;
    CREATE INDEX backlog_ended ON backlog (webhook, state, id) WHERE state <> 'waiting';

    CREATE TABLE api_tokens (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      account TEXT,
      scopes TEXT NOT NULL,
      hash BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER
    ) WITHOUT ROWID;

    CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      account TEXT,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      detail TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE INDEX audit_account ON audit (account, id);

    CREATE TABLE idempotency (
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      request BLOB NOT NULL,
      status INTEGER,
      body BLOB,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (owner, key)
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_age ON idempotency (created_at);

    CREATE TABLE replays (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      webhook INTEGER NOT NULL,
      since INTEGER NOT NULL,
      until INTEGER NOT NULL,
      outcome TEXT,
      event_name TEXT,
      rate INTEGER,
      state TEXT NOT NULL,
      position INTEGER NOT NULL,
      newest INTEGER NOT NULL,
      expected INTEGER NOT NULL,
      queued INTEGER NOT NULL DEFAULT 0,
      paced_at INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      ended_at INTEGER
    );
    CREATE INDEX replays_webhook ON replays (webhook, key);
    CREATE INDEX replays_running ON replays (key) WHERE state = 'running';
    """

  /// Deliveries that wait for their webhook, health, pauses, notices that are to be published, and who does
  /// what only one of several workers may do.
  private static let backlog = """
    ALTER TABLE store_version ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE webhooks ADD COLUMN health TEXT NOT NULL DEFAULT 'healthy';
    ALTER TABLE webhooks ADD COLUMN health_since INTEGER;
    ALTER TABLE webhooks ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE backlog ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE backlog ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX backlog_waiting ON backlog (webhook, due_at, id) WHERE state = 'waiting';

    CREATE TABLE notices (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      account TEXT NOT NULL,
      webhook INTEGER NOT NULL,
      kind TEXT NOT NULL,
      body BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      published_at INTEGER
    );
    CREATE INDEX notices_webhook ON notices (webhook, kind, created_at);
    CREATE INDEX notices_unpublished ON notices (id) WHERE published_at IS NULL;

    CREATE TABLE leases (
      name TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      until INTEGER NOT NULL
    ) WITHOUT ROWID;
    """

  /// Webhooks and their deletions; events once, attempts unique within their delivery; what waits, what
  /// was refused, what may kill workers, and the last run of each delivery that was sent again. Times are
  /// nanoseconds since the epoch.
  ///
  /// What grows with every delivery is indexed so that new entries come to the end of their index or
  /// close to it, however many rows and webhooks there are: events by `EventHash`, and the rows of a
  /// webhook within each chunk of 65,536 rows, until "4-spans" put spans in their place.
  private static let deliveries = """
    CREATE TABLE store_version (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
    INSERT INTO store_version VALUES (1, 0);

    CREATE TABLE webhooks (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      account TEXT NOT NULL,
      name TEXT NOT NULL,
      url TEXT NOT NULL,
      scheme TEXT NOT NULL,
      token BLOB NOT NULL,
      token_key TEXT NOT NULL,
      events TEXT NOT NULL,
      headers TEXT NOT NULL,
      active INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      deleted_at INTEGER
    );
    CREATE INDEX webhooks_revision ON webhooks (revision);
    CREATE INDEX webhooks_account ON webhooks (account);

    CREATE TABLE events (
      key INTEGER PRIMARY KEY,
      hash INTEGER NOT NULL,
      account TEXT NOT NULL,
      id TEXT NOT NULL,
      name TEXT NOT NULL,
      body BLOB NOT NULL,
      triggered_at INTEGER NOT NULL,
      received_at INTEGER NOT NULL
    );
    CREATE INDEX events_hash ON events (hash);

    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY,
      event INTEGER NOT NULL,
      webhook INTEGER NOT NULL,
      run INTEGER NOT NULL,
      number INTEGER NOT NULL,
      trigger INTEGER NOT NULL,
      url TEXT NOT NULL,
      sent_at INTEGER NOT NULL,
      received_at INTEGER,
      dns INTEGER NOT NULL,
      connect INTEGER NOT NULL,
      tls INTEGER NOT NULL,
      first_byte INTEGER NOT NULL,
      total INTEGER NOT NULL,
      remote_address TEXT,
      status INTEGER NOT NULL,
      outcome INTEGER NOT NULL,
      reason INTEGER,
      next_attempt_at INTEGER,
      response_headers BLOB,
      response_body BLOB
    );
    CREATE UNIQUE INDEX attempts_delivery ON attempts (event, webhook, run, number);
    CREATE INDEX attempts_webhook ON attempts (id >> 16, webhook);

    CREATE TABLE backlog (
      id INTEGER PRIMARY KEY,
      event INTEGER NOT NULL,
      webhook INTEGER NOT NULL,
      run INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      first_attempt_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      created_at INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX backlog_delivery ON backlog (event, webhook, run);
    CREATE INDEX backlog_state ON backlog (state, id);

    CREATE TABLE runs (
      event INTEGER NOT NULL,
      webhook INTEGER NOT NULL,
      last INTEGER NOT NULL,
      PRIMARY KEY (event, webhook)
    ) WITHOUT ROWID;

    CREATE TABLE rejected (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      message_id TEXT,
      body BLOB NOT NULL,
      received_at INTEGER NOT NULL
    );

    CREATE TABLE suspects (
      message TEXT PRIMARY KEY,
      worker TEXT NOT NULL,
      since INTEGER NOT NULL
    ) WITHOUT ROWID;
    """
}
