"""What every service's HTTP side stands on: who is calling, errors as answers, the app itself."""
