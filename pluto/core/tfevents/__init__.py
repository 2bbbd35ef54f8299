"""Event files, as TensorBoard reads them: `records` takes a file apart, `events` says what a record holds."""
