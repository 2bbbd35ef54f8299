"""OpenAI: `fine_tuning`."""
