"""The demo company: people, rules, customers and simulated agents, all through the doors that everybody uses."""
