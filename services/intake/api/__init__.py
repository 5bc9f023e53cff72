"""The HTTP commands of intake as JSON: a module for each noun; parse, call one verb, answer."""
