"""Where SageMaker, and what is sent along, leave what a job should know."""

SM_PARAM_CONFIG = "/opt/ml/input/config/hyperparameters.json"
SM_SECRETS = "secrets.env"
