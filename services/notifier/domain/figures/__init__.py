"""The rules of the figures, pure: what a fact counts for, what a rate is made of, who is ranked."""
