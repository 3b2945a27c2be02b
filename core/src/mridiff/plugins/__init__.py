"""Finding, checking and naming the components of installed plugins. Importing this package imports nothing heavy."""
