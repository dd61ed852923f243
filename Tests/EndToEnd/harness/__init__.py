"""What the black-box tests stand on: a private broker, the program, a scripted receiver, a ledger."""
