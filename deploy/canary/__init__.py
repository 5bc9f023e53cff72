"""The canary: a ticket through the whole path every minute, by the same doors as everybody's."""
