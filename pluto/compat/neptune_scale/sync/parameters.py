"""Limits and intervals, each with its unit."""

# What is accepted
MAX_RUN_ID_LENGTH = 730
"""UTF-8 bytes."""
MAX_EXPERIMENT_NAME_LENGTH = 730
"""UTF-8 bytes."""
MIN_STEP_VALUE = 0
MAX_STEP_VALUE = 1_000_000_000_000
"""The first step that is too high."""
MAX_ATTRIBUTE_PATH_LENGTH = 1024
"""UTF-8 bytes."""
MAX_STRING_SERIES_DATA_POINT_LENGTH = 1024 * 1024
"""UTF-8 bytes."""
MAX_HISTOGRAM_BIN_EDGES = 513
MAX_FILE_DESTINATION_LENGTH = 800
"""Characters."""
MAX_FILE_MIME_TYPE_LENGTH = 128
"""Characters."""

# How often
STOP_MESSAGE_FREQUENCY = 5
"""Seconds between two messages of one waiting."""
OPERATION_REPOSITORY_POLL_SLEEP_TIME = 1
"""Seconds at most between two looks of one waiting."""
LAG_TRACKER_THREAD_SLEEP_TIME = 1
"""Seconds between two looks at the age of what is not delivered."""
ERRORS_MONITOR_THREAD_SLEEP_TIME = 1
"""Seconds between two looks at how delivery is getting on."""
