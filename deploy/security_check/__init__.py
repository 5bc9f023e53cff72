"""What a security officer asks of a checkout: code, secrets, licences, a bill of materials, age."""
