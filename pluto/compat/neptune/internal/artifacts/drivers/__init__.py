"""Where such files may lie: on this machine, in S3."""
