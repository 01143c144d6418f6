"""What every command shares: options, output, completion, schemas."""
