"""The router: who the customer is, which matter it is, and which agent gets it now."""
