import SealpostControl
import SealpostCore

/// The account switch of administrators.
enum AccountPages {
  private struct View {
    struct Account {
      let value: Markup
      let label: String
      let isChosen: Bool
    }

    let chosen: Markup
    let isAll, hasAccounts: Bool
    let accounts: [Account]
  }

  static let routes: [PortalRoute] = [
    .get("/account") { visit in
      let names = try await visit.control.accounts(by: visit.holder)
      let chosen = visit.session.account
      return .page(
        "account", title: "Account", section: .none,
        view: View(
          chosen: Markup(formValue: chosen ?? ""), isAll: chosen == nil,
          hasAccounts: !names.isEmpty,
          accounts: names.map {
            View.Account(value: Markup(formValue: $0), label: $0, isChosen: $0 == chosen)
          }))
    },
    .post("/account") { visit in
      try visit.holder.requireAdministrator()
      let name = try visit.holder.account(named: visit.form.filled("account"))
      visit.sessions.change(visit.sessionKey) { $0.account = name }
      return .redirect(
        "/webhooks",
        saying: name.map { "You see what account \($0) sees." } ?? "You see all accounts.")
    },
  ]
}
