"""What the stages of algorithm/dvc.yaml import, beside the rooms of stages/lib."""
